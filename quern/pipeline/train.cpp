#include "quern/pipeline/train.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/interrupt.h"
#include "quern/base/log.h"
#include "quern/base/progress.h"
#include "quern/data/class_balance.h"
#include "quern/data/training_batches.h"
#include "quern/exporters/qonnx.h"
#include "quern/models/load_model.h"
#include "quern/passes/append_bipolar_head.h"
#include "quern/pipeline/data_record.h"
#include "quern/pipeline/integer_figures.h"
#include "quern/pipeline/report_run.h"
#include "quern/pipeline/report_training.h"
#include "quern/pipeline/run_folder.h"
#include "quern/pipeline/training_log.h"
#include "quern/pipeline/training_material.h"
#include "quern/pipeline/validation.h"
#include "quern/train/checkpoint.h"
#include "quern/train/trainer.h"

namespace quern {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// What a run leaves in models/.
constexpr std::array kModels = {"best.onnx", "last.onnx", "best_bipolar.onnx"};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TrainerOptions trainer_options(const Recipe& recipe, const TrainingMaterial& material,
                               std::int64_t steps_per_epoch) {
  return {.train = recipe.train,
          .loss = loss_of(recipe, material.training),
          .statistics_steps = material.start.statistics_steps,
          .steps_per_epoch = steps_per_epoch,
          .threads = recipe.threads};
}

/// The trainer as it stands at `position`, whose state it takes.
/// @param checkpoint  Where the position was read.
/// @throws Error(kInvalidArgument) where the position is of another network or set.
Trainer trainer_at(Checkpoint& position, const Recipe& recipe, const TrainingMaterial& material,
                   std::int64_t steps_per_epoch, const fs::path& checkpoint) {
  Trainer trainer(material.start.graph, trainer_options(recipe, material, steps_per_epoch),
                  material.teacher ? &*material.teacher : nullptr);
  const auto pictures = static_cast<std::int64_t>(material.pictures.usable().size());
  if (!position.state.empty()) {
    with_context(checkpoint.string(), [&] {
      require(position.pictures == pictures, "it was made with {} pictures, there are {}",
              position.pictures, pictures);
      require(position.step <= steps_per_epoch, "it says {} steps of an epoch that has {}",
              position.step, steps_per_epoch);
      trainer.load(std::exchange(position.state, {}));
    });
  }
  position.recipe = values_by_key(recipe);
  position.pictures = pictures;
  return trainer;
}

/// Nothing of an older run in its folder may pass for what a run that starts left there.
void forget_older_run(const RunFolder& folder, const fs::path& checkpoint) {
  const fs::path manifest = folder.path() / "manifest.json";
  if (fs::exists(checkpoint) || fs::exists(manifest)) {
    log_warning("{} holds an older run, which is written over", folder.path().string());
  }
  fs::remove(checkpoint);
  fs::remove(manifest);
  fs::remove_all(folder.path() / "report");
  for (const char* const name : kModels) fs::remove(folder.model(name));
}

/// The path of a folder that is ready to be written to. A run that is stopped goes on from it.
const fs::path& opened(RunFolder& folder, const Recipe& recipe, const fs::path& checkpoint,
                       bool starts) {
  if (starts) forget_older_run(folder, checkpoint);
  folder.open(recipe);
  folder.keep();
  return folder.path();
}

/// The network's input, as it lies in a batch.
TensorView images_of(const TrainingBatch& batch) {
  const Shape& shape = batch.images.shape();
  return {.data = batch.images.data<float>(),
          .shape = {shape[0], shape[3], shape[1], shape[2]},
          .channels_last = true};
}

/// The number in its epoch of the batch that the step before a position took: the last that is
/// known to get through the network.
std::size_t last_batch(const Checkpoint& position) {
  return static_cast<std::size_t>(std::max<std::int64_t>(position.step - 1, 0));
}

/// A run from its first step, or that of its checkpoint, to its last.
class TrainingRun {
 public:
  /// @param position  Where the run stands: empty at its start.
  TrainingRun(const Recipe& recipe, RunFolder& folder, const TrainingMaterial& material,
              Checkpoint position);

  nlohmann::json finish_epochs();

 private:
  /// @return false where the user asked to stop in it.
  bool train_epoch(Progress& progress);
  void take_step(Progress& progress);
  void end_epoch();
  nlohmann::json measure_epoch(const Graph& network);
  void save();
  nlohmann::json result();
  std::string write_bipolar_head(const nlohmann::json& best);
  bool write_report();

  const Recipe recipe_;
  RunFolder& folder_;
  const fs::path checkpoint_;
  const TrainingMaterial& material_;
  TrainingBatches batches_;
  const std::int64_t steps_per_epoch_;
  Checkpoint position_;  ///< Its state is filled when it is written.
  Trainer trainer_;
  TrainingLog log_;
  TrainingBatch batch_;       ///< Of the last step.
  double learning_rate_ = 0;  ///< Of the last step.
  Clock::time_point saved_ = Clock::now();
  Clock::time_point begun_;  ///< Of the epoch, or of the part of it that runs here.
  const InterruptWatch interrupts_;
};

TrainingRun::TrainingRun(const Recipe& recipe, RunFolder& folder, const TrainingMaterial& material,
                         Checkpoint position)
    : recipe_(recipe),
      folder_(folder),
      checkpoint_(folder.path() / "checkpoints" / "last.npz"),
      material_(material),
      batches_(material.pictures, material.training, material.outputs(),
               {.preprocessing = material.preprocessing(),
                .augmentation = recipe.data.augment,
                .batch_size = recipe.train.batch_size,
                .seed = recipe.seed},
               static_cast<std::uint64_t>(position.epoch), last_batch(position)),
      steps_per_epoch_(static_cast<std::int64_t>(batches_.per_epoch())),
      position_(std::move(position)),
      trainer_(trainer_at(position_, recipe, material, steps_per_epoch_, checkpoint_)),
      log_(opened(folder, recipe, checkpoint_, /*starts=*/trainer_.steps() == 0),
           position_.metrics) {
  if (position_.step == 0) return;
  batches_.next(batch_);
  learning_rate_ = trainer_.learning_rate();
}

/// Of a state that pictures get through: what writes it has found that out.
void TrainingRun::save() {
  position_.state = trainer_.state();
  write_checkpoint(checkpoint_, position_);
  position_.state.clear();
  saved_ = Clock::now();
}

void TrainingRun::take_step(Progress& progress) {
  batches_.next(batch_);
  const Trainer::Step step = trainer_.step(images_of(batch_), batch_.targets);
  learning_rate_ = step.learning_rate;
  position_.loss_sum += step.loss;
  position_.step += 1;
  progress.set_note(fmt::format("epoch {}/{}  loss {:.3f}", position_.epoch + 1,
                                recipe_.train.epochs,
                                position_.loss_sum / static_cast<double>(position_.step)));
  progress.advance(static_cast<std::size_t>(batch_.images.shape()[0]));
}

bool TrainingRun::train_epoch(Progress& progress) {
  begun_ = Clock::now();
  while (position_.step < steps_per_epoch_) {
    take_step(progress);
    if (position_.step == steps_per_epoch_) break;  // What ends the epoch writes a checkpoint.
    const bool is_stopped = interrupts_.requested();
    if (is_stopped || seconds_since(saved_) > recipe_.train.checkpoint_seconds) {
      position_.seconds += seconds_since(std::exchange(begun_, Clock::now()));
      trainer_.check_finite(images_of(batch_));
      save();
    }
    if (is_stopped) return false;
  }
  end_epoch();
  return true;
}

/// What an epoch came to: its line of metrics.jsonl.
nlohmann::json TrainingRun::measure_epoch(const Graph& network) {
  const auto pictures = static_cast<double>(steps_per_epoch_ * batch_.images.shape().at(0));
  const ValidationFigures figures = material_.validation.measure(
      *predictor(network),
      [&](const Tensor& logits, const Tensor& targets) { return trainer_.loss(logits, targets); });
  nlohmann::json epoch = figures.metrics;
  epoch["epoch"] = position_.epoch + 1;
  epoch["time"] = seconds_since_1970();
  epoch["seconds"] = position_.seconds;
  epoch["images_per_second"] = pictures / position_.seconds;
  epoch["learning_rate"] = learning_rate_;
  epoch["loss"] = {{"train", position_.loss_sum / static_cast<double>(steps_per_epoch_)},
                   {"validation", figures.loss}};
  epoch["score"] = figures.score;
  std::string as_integers;
  if (recipe_.train.integers != "off") {
    const ValidationFigures integers = integer_figures(recipe_, network, material_.validation);
    epoch["integers"] = integers.metrics;
    epoch["integers"]["seconds"] = integers.seconds;
    if (recipe_.train.integers == "best") epoch["score"] = integers.score;
    as_integers = fmt::format("; as integers {}, {:.1f} s", to_text(integers), integers.seconds);
  }
  log_info("epoch {}/{}: loss {:.4f}, in validation {:.4f}, {}, {:.1f} s{}", position_.epoch + 1,
           recipe_.train.epochs, epoch["loss"]["train"].get<double>(), figures.loss,
           to_text(figures), position_.seconds, as_integers);
  return epoch;
}

/// Evaluates, writes models and figures, and only then the checkpoint that says so: a run killed
/// in between does it again. Where evaluation or lowering fails, the epoch's steps are kept.
void TrainingRun::end_epoch() {
  trainer_.check_finite(images_of(batch_));
  const Graph network = trainer_.network();
  export_qonnx(network, folder_.model("last.onnx"));
  position_.seconds += seconds_since(begun_);
  nlohmann::json epoch;
  try {
    epoch = measure_epoch(network);
  } catch (const Error&) {
    save();
    throw;
  }
  const nlohmann::json best = best_epoch(log_.epochs());
  if (best.is_null() || epoch.at("score") > best.at("score")) {
    export_qonnx(network, folder_.model("best.onnx"));
  }
  trainer_.end_epoch(epoch.at("loss").at("validation"));
  log_.add(epoch);
  position_.epoch += 1;
  position_.step = 0;
  position_.loss_sum = 0;
  position_.seconds = 0;
  position_.metrics = log_.epochs();
  save();
}

nlohmann::json TrainingRun::finish_epochs() {
  const std::int64_t steps =
      (recipe_.train.epochs - position_.epoch) * steps_per_epoch_ - position_.step;
  {
    const std::int64_t pictures =
        std::max<std::int64_t>(steps, 0) *
        std::min<std::int64_t>(recipe_.train.batch_size, position_.pictures);
    Progress progress("training", static_cast<std::size_t>(pictures));
    while (position_.epoch < recipe_.train.epochs) {
      const std::int64_t epoch = position_.epoch + 1;
      const bool is_done =
          with_context(fmt::format("epoch {}", epoch), [&] { return train_epoch(progress); });
      if (is_done) continue;
      throw Interrupted(fmt::format("stopped in epoch {} after {} of {} steps; --resume goes on",
                                    epoch, position_.step, steps_per_epoch_));
    }
  }
  return result();
}

/// The best network with its answers behind the logits, which must be the same answers.
std::string TrainingRun::write_bipolar_head(const nlohmann::json& best) {
  Graph network = load_model(folder_.model("best.onnx").string()).graph;
  append_bipolar_head(network);
  const nlohmann::json metrics = material_.validation.measure(*predictor(network)).metrics;
  for (const auto& [key, value] : metrics.items()) {
    ensure(best.at(key) == value, "with a bipolar head {} is {}, before it was {}", key,
           value.dump(), best.at(key).dump());
  }
  const fs::path path = folder_.model("best_bipolar.onnx");
  export_qonnx(network, path);
  folder_.add_output(path);
  return path.string();
}

/// @return false where the recipe wants none.
bool TrainingRun::write_report() {
  const std::vector<fs::path> written =
      write_training_report(folder_.path(), {.recipe = recipe_,
                                             .training = material_.usable(),
                                             .validation = material_.validation,
                                             .epochs = log_.epochs(),
                                             .best = load_model(folder_.model("best.onnx")).graph,
                                             .notes = material_.notes()});
  for (const fs::path& path : written) folder_.add_output(path);
  return !written.empty();
}

nlohmann::json TrainingRun::result() {
  const nlohmann::json best = best_epoch(log_.epochs());
  nlohmann::json json = {{"model", folder_.model("best.onnx").string()},
                         {"last_model", folder_.model("last.onnx").string()},
                         {"epochs", position_.epoch},
                         {"steps", trainer_.steps()},
                         {"train_images", position_.pictures},
                         {"notes", material_.start.notes},
                         {"best", best},
                         {"last", nlohmann::json::parse(log_.epochs().back())}};
  if (recipe_.exports.bipolar_head) json["bipolar_model"] = write_bipolar_head(best);
  for (const std::string& path : {recipe_.model.source, recipe_.train.teacher}) {
    if (!path.empty()) folder_.add_input(path);
  }
  for (const char* const name : {"best.onnx", "last.onnx"}) folder_.add_output(folder_.model(name));
  if (write_report()) json["report"] = report_page(folder_.path()).string();
  folder_.add_data(data_record(recipe_.data, material_.training, material_.validation.set()));
  folder_.write_manifest(json);
  return json;
}

/// A run does not write over what it starts from.
void check_sources(const Recipe& recipe, const RunFolder& folder) {
  const std::pair<const char*, const std::string&> sources[] = {
      {"model.source", recipe.model.source}, {"train.teacher", recipe.train.teacher}};
  std::error_code ignored;
  for (const auto& [key, path] : sources) {
    for (const char* const name : kModels) {
      require(!fs::equivalent(path, folder.model(name), ignored),
              "{} is {}, which the run would write over; it needs another folder", key, path);
    }
  }
}

/// The checkpoint that a run goes on from; at its start where there is none.
Checkpoint position_of(const Recipe& recipe, const TrainRunOptions& options) {
  const fs::path path = options.run / "checkpoints" / "last.npz";
  std::error_code error;
  if (!options.resume) return {};
  if (!fs::exists(path, error)) {
    log_info("{} has no checkpoint yet: the run starts", options.run.string());
    return {};
  }
  Checkpoint checkpoint = read_checkpoint(path);
  const std::string different = difference(checkpoint, values_by_key(recipe));
  require(different.empty(), "{}: {}", path.string(), different);
  const fs::path best = options.run / "models" / "best.onnx";
  if (checkpoint.epoch > 0 && !fs::exists(best, error)) {
    fail(ErrorCode::kIo, "{} is missing, the best of the {} epochs that the checkpoint counts",
         best.string(), checkpoint.epoch);
  }
  return checkpoint;
}

/// What a user should know before it takes hours.
void announce(const TrainingMaterial& material) {
  log_info("to train on: {}", to_text(class_balance(material.usable())));
  log_info("to evaluate on: {}", to_text(class_balance(material.validation.usable())));
  for (const std::string& note : material.notes()) log_warning("{}", note);
}

}  // namespace

nlohmann::json train(const Recipe& recipe, const TrainRunOptions& options) {
  RunFolder folder(options.run);
  check_sources(recipe, folder);
  Checkpoint position = position_of(recipe, options);
  const TrainingMaterial material = gather(recipe);
  TrainingRun run(recipe, folder, material, std::move(position));
  announce(material);
  return run.finish_epochs();
}

}  // namespace quern
