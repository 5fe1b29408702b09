#include "quern/ptq/adaround.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "quern/analysis/sizes.h"
#include "quern/base/error.h"
#include "quern/base/parallel.h"
#include "quern/base/progress.h"
#include "quern/base/random.h"
#include "quern/ptq/internal/patches.h"
#include "quern/ptq/internal/reconstruct_block.h"
#include "quern/ptq/internal/round_layers.h"

namespace quern {
namespace {

using internal::Block;
using internal::BlockSamples;
using internal::PatchPlaces;
using internal::WeightedLayer;

/// The side of a patch's outputs, and how many are cut from a picture.
constexpr std::int64_t kPatchSide = 16;
constexpr std::int64_t kPatches = 2;

void check(const AdaRoundOptions& options, const CalibrationData& data) {
  require(!data.samples.empty(), "adaround needs at least one picture");
  require(options.iterations > 0, "adaround: iterations must be above 0, got {}",
          options.iterations);
  require(options.batch_size > 0 && options.batch_size % static_cast<int>(kLanes) == 0,
          "adaround: batch_size must be a multiple of {}, got {}", kLanes, options.batch_size);
  require(options.block_layers > 0, "adaround: block_layers must be above 0");
  require(options.rate > 0 && options.scale_rate >= 0,
          "adaround: rate must be above 0 and scale_rate not below, got {} and {}", options.rate,
          options.scale_rate);
  require(options.drop >= 0 && options.drop < 1, "adaround: drop must be from 0 to below 1, got {}",
          options.drop);
}

/// The value of the float network that quantizers on `value` round.
ValueId real_value(const Graph& graph, const Graph& reference, ValueId value) {
  while (const Node* quant = graph.quant_of(value)) value = quant->inputs[0];
  const Node* producer = graph.producer(value);
  if (producer == nullptr) return reference.inputs().at(0);
  const auto twin = reference.find_layer(producer->layer);
  require(twin.has_value(), "the float network has no layer '{}'", producer->layer);
  const auto position = std::ranges::find(producer->outputs, value) - producer->outputs.begin();
  return reference.node(*twin).outputs.at(static_cast<std::size_t>(position));
}

/// The blocks, those that can not be differentiated taken apart.
std::vector<Block> learnable_blocks(const Graph& graph, std::size_t max_layers, PtqReport& report) {
  std::vector<Block> blocks;
  for (Block& block : internal::find_blocks(graph, max_layers)) {
    try {
      internal::differentiable_block(graph, block);
      blocks.push_back(std::move(block));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnsupported) throw;
      report.notes.push_back(fmt::format(
          "adaround: {} learn apart: {}",
          block.layers.size() == 1 ? "a layer's neighbours" : "layers of a block", error.what()));
      for (const WeightedLayer& layer : block.layers) {
        blocks.push_back(internal::block_of(graph, layer));
      }
    }
  }
  return blocks;
}

/// Names the layers with a weight on a grid that no block has.
void note_left_out(const Graph& graph, const std::vector<Block>& blocks, PtqReport& report) {
  const auto learns = [&](const WeightedLayer& layer) {
    return std::ranges::any_of(blocks, [&](const Block& block) {
      return std::ranges::find(block.layers, layer.node, &WeightedLayer::node) !=
             block.layers.end();
    });
  };
  for (const WeightedLayer& layer : internal::rounded_layers(graph, report)) {
    if (learns(layer)) continue;
    report.notes.push_back(fmt::format(
        "weights of '{}' keep their rounding: other layers read them, too", layer.layer));
  }
}

/// Says which layers are rounded to nearest because learning gave nothing better.
void note_nearest(const Block& block, const internal::BlockErrors& errors, PtqReport& report) {
  std::vector<std::string> names;
  for (const WeightedLayer& layer : block.layers) names.push_back(fmt::format("'{}'", layer.layer));
  const std::string reason =
      std::isfinite(errors.learned)
          ? fmt::format(
                "learning leaves {:.3g} of the variance behind them as error, rounding "
                "{:.3g}",
                errors.learned, errors.nearest)
          : std::string("learning leaves an error that is not finite");
  report.notes.push_back(fmt::format("adaround: weights of {} are rounded to nearest: {}",
                                     fmt::join(names, ", "), reason));
}

/// Whether activations in a block, or those it reads, lie on coarse grids.
bool is_coarse(const Graph& graph, const Block& block) {
  const auto is_coarse_value = [&](ValueId value) {
    const Node* quant = graph.quant_of(value);
    return quant != nullptr && graph.quantizer(quant->quantizer).spec.bits < internal::kFineBits;
  };
  return std::ranges::any_of(block.inputs, is_coarse_value) ||
         std::ranges::any_of(block.outputs, is_coarse_value) ||
         std::ranges::any_of(block.layers, [&](const WeightedLayer& layer) {
           return is_coarse_value(layer.input);
         });
}

/// Walks through the quantized and the float network side by side, block by block.
class Walks {
 public:
  Walks(const Graph& graph, const Graph& reference, const std::vector<Block>& blocks,
        const CalibrationData& data, const AdaRoundOptions& options)
      : graph_(graph),
        drops_(options.drop > 0),
        // What blocks learn on takes the other half.
        pictures_({data.samples, data.loader, data.memory / 2}, bytes_per_sample(graph),
                  options.mirror),
        walk_(graph, QuantMode::kFakeQuant, values_of(blocks), pictures_),
        real_walk_(reference, QuantMode::kFloat, real_values_of(blocks, reference), pictures_) {
    pictures_.load();
  }

  /// What the next block learns on.
  BlockSamples samples(const Block& block) {
    const PatchPlaces places(internal::patch_geometry(graph_, block, kPatchSide), kPatches);
    BlockSamples result;
    for (std::size_t i = 0; i < block.inputs.size(); ++i) {
      result.inputs.push_back(collect(walk_, places, /*is_output=*/false));
    }
    for (std::size_t i = 0; mixes(block) && i < block.inputs.size(); ++i) {
      result.real.push_back(collect(real_walk_, places, /*is_output=*/false));
    }
    for (std::size_t i = 0; i < block.outputs.size(); ++i) {
      result.targets.push_back(collect(real_walk_, places, /*is_output=*/true));
    }
    if (places.are_whole()) return result;
    std::vector<at::Tensor> valid;
    for (std::size_t batch = 0; batch < pictures_.batches(); ++batch) {
      valid.push_back(places.valid(batch, pictures_.count(batch)));
    }
    result.valid = at::cat(valid);
    return result;
  }

 private:
  bool mixes(const Block& block) const { return drops_ && is_coarse(graph_, block); }

  static std::vector<ValueId> values_of(const std::vector<Block>& blocks) {
    std::vector<ValueId> values;
    for (const Block& block : blocks) {
      values.insert(values.end(), block.inputs.begin(), block.inputs.end());
    }
    return values;
  }

  std::vector<ValueId> real_values_of(const std::vector<Block>& blocks,
                                      const Graph& reference) const {
    std::vector<ValueId> values;
    const auto add = [&](const std::vector<ValueId>& of) {
      for (const ValueId value : of) values.push_back(real_value(graph_, reference, value));
    };
    for (const Block& block : blocks) {
      if (mixes(block)) add(block.inputs);
      add(block.outputs);
    }
    return values;
  }

  /// Goes to the next value of a walk and cuts it; patches in the order of pictures.
  at::Tensor collect(ActivationWalk& walk, const PatchPlaces& places, bool is_output) {
    std::vector<std::int64_t> first = {0};
    for (std::size_t batch = 0; batch < pictures_.batches(); ++batch) {
      first.push_back(first.back() + pictures_.count(batch) * places.count());
    }
    at::Tensor patches;
    std::once_flag allocated;
    const ActivationWalk::Stop stop = walk.next();
    for_each_lane(pictures_.batches(), pictures_.threads(), [&](std::size_t, std::size_t batch) {
      stop.run(batch, [&](const TensorView& view) {
        std::call_once(allocated, [&] {
          Shape shape = places.memory_shape(view.shape, is_output);
          shape.insert(shape.begin(), first.back());
          patches = at::zeros(shape, at::kFloat);
        });
        places.cut(view, batch, is_output, patches.slice(0, first[batch], first[batch + 1]));
      });
    });
    return patches.dim() == 4 ? patches.permute({0, 3, 1, 2}) : patches;
  }

  const Graph& graph_;
  const bool drops_;
  CalibrationPictures pictures_;
  ActivationWalk walk_;
  ActivationWalk real_walk_;
};

}  // namespace

PtqReport adaround(Graph& graph, const Graph& reference, const CalibrationData& data,
                   const AdaRoundOptions& options) {
  check(options, data);
  const at::NoGradGuard no_gradients;
  PtqReport report;
  const std::vector<Block> blocks = learnable_blocks(graph, options.block_layers, report);
  note_left_out(graph, blocks, report);
  if (blocks.empty()) {
    report.notes.emplace_back("adaround: no layer has a weight on a grid of its own");
    return report;
  }
  Walks walks(graph, reference, blocks, data, options);
  Random seeds(options.seed);
  Progress progress("adaround", blocks.size());
  for (const Block& block : blocks) {
    const internal::BlockErrors errors = internal::reconstruct_block(
        graph, block, walks.samples(block), options, seeds.next(), data.loader.threads);
    if (!errors.is_better()) note_nearest(block, errors, report);
    report.layers += static_cast<int>(block.layers.size());
    progress.advance();
  }
  return report;
}

}  // namespace quern
