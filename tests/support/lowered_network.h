#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "quern/executor/plan.h"
#include "quern/lower/lower.h"
#include "quern/verify/op_runner.h"
#include "tests/support/calibrated_network.h"
#include "tests/support/codes.h"
#include "tests/support/int_network.h"

namespace quern::test {

/// How the codes of integer layers differ from those of the fake-quant run that fed them.
struct CodeDifferences {
  std::int64_t elements = 0;
  std::int64_t differing = 0;
  std::int32_t largest = 0;
  std::string first_layer;
};

/// Networks quantized on generated photos, and their integer forms, layer by layer on the codes
/// that the fake-quant run computes.
class LoweredNetwork : public CalibratedNetwork {
 protected:
  explicit LoweredNetwork(int photos = 4) : CalibratedNetwork(photos) {}

  CodeDifferences compare(const Graph& graph, const IntModel& model) const {
    PlanOptions options{.sums = SumMode::kExact};
    for (const IntTensor& tensor : model.tensors) {
      const auto layer = graph.find_layer(tensor.name);
      if (layer) options.taps.push_back(graph.node(*layer).outputs[0]);
    }
    const Plan plan(graph, options);
    CodeDifferences found;
    for_each_batch(data_.samples, data_.loader, [&](int, const Batch& batch) {
      std::map<std::string, Tensor> shown;
      plan.run({batch.images}, [&](ValueId id, const TensorView& view) {
        shown[graph.producer(id)->layer] = view.to_tensor();
      });
      for (std::size_t i = 0; i < batch.samples.size(); ++i) {
        add_differences(model, codes_of(model, shown, i), found);
      }
    });
    return found;
  }

 private:
  /// The stored codes of a sample's values, by tensor; empty where the graph has no such value.
  static std::vector<Codes> codes_of(const IntModel& model,
                                     const std::map<std::string, Tensor>& shown,
                                     std::size_t sample) {
    std::vector<Codes> all;
    for (const IntTensor& tensor : model.tensors) {
      Codes& of = all.emplace_back(
          codes(layout(tensor.height, tensor.width, tensor.channels, tensor.bits)));
      const auto found = shown.find(tensor.name);
      if (found == shown.end()) {
        of.values.clear();
        continue;
      }
      const std::size_t size = of.values.size();
      const auto values = found->second.data<float>().subspan(sample * size, size);
      std::size_t next = 0;
      for (std::int32_t c = 0; c < tensor.channels; ++c) {
        const float scale = tensor.scale.size() == 1 ? tensor.scale[0] : tensor.scale.at(c);
        for (std::int32_t y = 0; y < tensor.height; ++y) {
          for (std::int32_t x = 0; x < tensor.width; ++x) {
            of.at(y, x, c) =
                static_cast<std::int32_t>(std::lround(values[next++] / scale)) + tensor.zero_point;
          }
        }
      }
    }
    return all;
  }

  static void add_differences(const IntModel& model, std::vector<Codes> given,
                              CodeDifferences& found) {
    for (const IntOp& op : model.ops) {
      std::vector<Codes> inputs;
      for (std::size_t i = 0; i < op.inputs.size(); ++i) {
        const auto first = std::ranges::find(op.inputs, op.inputs[i]);
        if (first - op.inputs.begin() != static_cast<std::ptrdiff_t>(i)) continue;
        inputs.push_back(given.at(static_cast<std::size_t>(op.inputs[i])));
      }
      // Floats that are pixels have no codes; the table that reads them is tested by itself.
      if (std::get_if<IntLookup>(&op.kind) != nullptr && reads_pixels(model, op)) continue;
      const Codes computed = evaluate_slowly(network_of(model, op), inputs).back();
      Codes& expected = given.at(static_cast<std::size_t>(op.output));
      if (expected.values.empty()) {
        expected = computed;
        continue;
      }
      for (std::size_t i = 0; i < computed.values.size(); ++i) {
        const std::int32_t difference = std::abs(computed.values[i] - expected.values[i]);
        ++found.elements;
        found.largest = std::max(found.largest, difference);
        if (difference == 0) continue;
        ++found.differing;
        if (found.first_layer.empty()) found.first_layer = op.layer;
      }
    }
  }

  static bool reads_pixels(const IntModel& model, const IntOp& op) {
    return std::ranges::any_of(model.inputs, [&](const IntInput& input) {
      return input.kind == InputKind::kPixels && input.tensor == op.inputs[0];
    });
  }
};

}  // namespace quern::test
