#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/data/augment.h"
#include "quern/data/data_kinds.h"
#include "quern/quant/rules.h"
#include "quern/recipe/preprocessing_choice.h"
#include "quern/zoo/zoo.h"

namespace quern {

/// [model]: which network.
struct ModelRecipe {
  std::string source;  ///< A file, or "zoo:NAME".
  double width = 1.0;  ///< zoo: multiplies the channels.
  std::optional<int>
      input;  ///< zoo: side of the input (unit: pixels); the network's own if absent.
  std::optional<int> classes;  ///< zoo: outputs; the network's own if absent.

  bool operator==(const ModelRecipe&) const = default;
};

/// [data]: which pictures. Either `calibration` and its kin are files and folders themselves, or a
/// kind or sources say how a data set lies on the disk and they name its splits.
struct DataRecipe {
  std::string kind;  ///< How the set below `root` lies: a name of data_kinds().
  std::string root;  ///< Where relative paths start: of lists and inside them, of
                     ///< sources.
  std::vector<DataSource>
      sources;              ///< [[data.source]]: several sets used as one, instead of `kind`.
  std::string training;     ///< List file, folder or split that a network is trained on.
  std::string calibration;  ///< The same, that ranges are measured on.
  std::string validation;   ///< The same, labelled; empty: no accuracy is measured, and
                            ///< training holds pictures back.
  double hold_out = 0.1;    ///< Share of the training pictures that is held back then.
  std::int64_t limit = 0;   ///< Use so many pictures of each: of a list or folder the first,
                            ///< of a split drawn from all of it; 0: all.
  std::optional<std::int64_t> label_offset;  ///< Added to every label; the model's own if absent.
  bool skip_bad = false;  ///< Leave out pictures that can not be decoded, and count them.
  std::string cache;      ///< Folder that decoded training pictures are kept in; "none": nowhere;
                          ///< empty: in the user's cache.
  double cache_gib = 16;  ///< What they may take there (unit: GiB).
  PreprocessingChoice preprocess;
  Augmentation augment;

  bool operator==(const DataRecipe&) const = default;
};

/// [quantize]: which grids.
struct QuantizeRecipe {
  std::string scheme = "finn";  ///< "none" trains a float network.
  int weight_bits = 8;
  int activation_bits = 8;
  Granularity weight_granularity = Granularity::kPerChannel;  ///< Scales of a layer's weight.
  std::string weight_quantizer = "lsq";      ///< How training finds scales: a trainable kind.
  std::string activation_quantizer = "lsq";  ///< The same.
  int statistics_steps = 300;  ///< Steps whose batches tell unknown scales before they are learned.
  std::vector<Rule> rules;

  bool operator==(const QuantizeRecipe&) const = default;
};

/// [calibrate]: how scales are found.
struct CalibrateRecipe {
  std::string observer = "percentile";  ///< Of activations.
  double percentile = 99.999;           ///< Kept mass, 99 to 100 (unit: percent).
  std::string weight_method = "mse";    ///< Of weights.
  double weight_percentile = 99.9;      ///< Of weight_method "percentile" (unit: percent).

  bool operator==(const CalibrateRecipe&) const = default;
};

/// [ptq]: what wins accuracy back.
struct PtqRecipe {
  std::vector<std::string> algorithms;  ///< Names from ptq_algorithms(), in any order.
  std::optional<double> alpha;          ///< equalize_activations: how much range moves to weights.
  bool add_mul = false;                 ///< equalize_activations: a Mul behind what does not scale.
  bool layerwise = false;               ///< equalize_activations: a Mul in front of every layer.
  double damping = 0.01;                ///< gptq: on the Hessian's diagonal, relative to its mean.
  bool act_order = true;                ///< gptq, gpfq: columns of the largest input first.
  bool asymmetric = true;               ///< gptq: aim at the float network's outputs.
  int block_size = 128;                 ///< gptq: columns between updates of all later ones.
  int iterations = 250;                 ///< adaround: steps of learning per block.
  int memory_mib = 384;                 ///< Activations held in memory; more go to a file.

  bool operator==(const PtqRecipe&) const = default;
};

/// [train]: how a network learns.
struct TrainRecipe {
  int epochs = 100;
  int batch_size = 64;

  std::string optimizer = "adam";  ///< A name from optimizers().
  double learning_rate = 1e-3;
  double momentum = 0.9;       ///< sgd: how much of the last step goes on.
  double weight_decay = 1e-3;  ///< Of weights, and of the thresholds of "pact".
  double batchnorm_decay = 0;  ///< Of batch norms and biases.
  double scale_decay = 0;      ///< Of the scales of "lsq".
  double scale_rate = 1;       ///< Multiplies the learning rate of scales and thresholds.

  std::string schedule = "plateau";  ///< Of the learning rate: a name from schedules().
  double warm_up = 0;                ///< The rate rises for so long first (unit: epochs).
  double factor = 0.8;               ///< plateau, step: multiplies the rate.
  int patience = 2;                  ///< plateau: epochs without a better loss that are borne.
  double threshold = 0.001;          ///< plateau: a loss is better by more than this share.
  int step_epochs = 30;              ///< step: epochs between two steps.
  double floor = 1e-6;               ///< The rate never falls below it.

  std::optional<std::string> loss;  ///< A name from losses(); what the labels ask for if absent.
  double label_smoothing = 0;       ///< Share of every answer that is left open, 0 to 1.
  std::vector<double> positive_weights;  ///< binary_cross_entropy: of each output's positives.
  std::string teacher;         ///< A float model whose logits are learned too; empty: none.
  double temperature = 4;      ///< Softens the teacher's answers, and those compared with them.
  double teacher_share = 0.5;  ///< Of the loss that is the teacher's, 0 to 1.

  double average = 0;    ///< Decay of the average over steps that is evaluated and saved; 0: none.
  double clip_norm = 0;  ///< Largest norm of all gradients together; 0: any.
  int batchnorm_epochs = 0;  ///< Batch norms are frozen after so many epochs; 0: never.
  /// What each epoch's network answers as integers: "off", not asked; "log", measured; "best",
  /// decides the best epoch.
  std::string integers = "off";
  int checkpoint_seconds = 60;  ///< Time between two checkpoints inside an epoch; 0: every step.

  bool operator==(const TrainRecipe&) const = default;
};

/// [export]: what is written besides.
struct ExportRecipe {
  bool bipolar_head = false;  ///< Also the best network with its answers behind the logits.

  bool operator==(const ExportRecipe&) const = default;
};

/// [report]: what is measured of the result.
struct ReportRecipe {
  int pictures = 16;  ///< Pictures that errors are measured on; 0: no report.

  bool operator==(const ReportRecipe&) const = default;
};

/// Everything that decides a run. The TOML file has the same names.
struct Recipe {
  std::int64_t version = 1;
  std::uint64_t seed = 0;  ///< Of random weights, of the order and changes of pictures, and of
                           ///< what adaround draws.
  int threads = 0;         ///< 0: all cores. Of all results only trained weights depend on it.
  ModelRecipe model;
  DataRecipe data;
  QuantizeRecipe quantize;
  CalibrateRecipe calibrate;
  PtqRecipe ptq;
  TrainRecipe train;
  ExportRecipe exports;
  ReportRecipe report;

  bool operator==(const Recipe&) const = default;
};

/// What a zoo network of the recipe is built with.
ZooOptions zoo_options(const Recipe& recipe);

/// Reads TOML. `name` is what messages call it; `overrides` are "key.path=value" in TOML's syntax,
/// a bare word being a string.
/// @throws Error(kInvalidArgument) with file and line: no TOML, an unknown key (naming the
/// nearest),
///         a value of another type, a version other than 1, a value outside its domain.
Recipe parse_recipe(std::string_view toml, const std::string& name,
                    const std::vector<std::string>& overrides = {});

/// A file, or the name of a ready-made recipe. Relative paths inside it start at the file's folder;
/// those of a ready-made one at the working directory. @throws Error(kInvalidArgument) for neither.
Recipe read_recipe(const std::string& path_or_name, const std::vector<std::string>& overrides = {});

/// The recipe with every key that has a value, in an order of its own: `parse_recipe` gives it
/// back.
std::string to_toml(const Recipe& recipe);

/// Every key that has a value, by its path ("train.epochs"), with the value as TOML writes it.
std::map<std::string, std::string> values_by_key(const Recipe& recipe);

/// Those whose value is not the default's.
std::map<std::string, std::string> changed_values(const Recipe& recipe);

/// A ready-made recipe: its commented text is what `quern init` writes.
struct ReadyMadeRecipe {
  std::string_view name;  ///< "finn-ptq"
  std::string_view text;
};

/// All of them, by name; compiled in from recipes/*.toml.
const std::vector<ReadyMadeRecipe>& ready_made_recipes();

}  // namespace quern
