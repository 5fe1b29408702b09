#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quern/calibrate/calibrate.h"
#include "quern/data/synthetic.h"
#include "quern/ops/window_geometry.h"
#include "quern/passes/place_quantizers.h"
#include "quern/ptq/activation_walk.h"
#include "tests/support/network.h"
#include "tests/support/temporary_folder.h"

namespace quern::test {

using Matrix = std::vector<std::vector<double>>;  ///< Rows.

/// Generated photos of 8x8 pixels, networks quantized on them, and what their layers read, computed
/// the slow way.
class CalibratedNetwork : public testing::Test {
 protected:
  explicit CalibratedNetwork(int photos = 10) {
    write_synthetic_photos(folder_.path(), photos, /*seed=*/1);
    data_.samples = read_image_list(folder_.path() / "list.txt");
    data_.loader.preprocessing.resize = 8;
    data_.loader.preprocessing.crop = 8;
    data_.loader.threads = 1;
  }

  /// `reference` with weights and activations of these bits, calibrated.
  Graph quantized(const Graph& reference, int weight_bits = 4, int activation_bits = 8) const {
    Graph graph = reference;
    place_quantizers(graph, {.weight_bits = weight_bits, .activation_bits = activation_bits});
    calibrate(graph, data_.samples, {.loader = data_.loader});
    return graph;
  }

  /// What a layer reads over all photos, in the float or the quantized form of `graph`: a row per
  /// window in the order (row of the kernel, column of the kernel, channel of group `group`).
  Matrix columns(const Graph& graph, QuantMode mode, const std::string& layer,
                 std::int64_t group = 0) const {
    const Node& node = graph.node(graph.find_layer(layer).value());
    Matrix rows;
    for (const Tensor& x : values(graph, mode, node.inputs[0])) {
      node.op == "Conv" ? add_windows(window_geometry(graph, node), x, group, rows)
                        : add_rows(x, rows);
    }
    return rows;
  }

  /// A value of every batch.
  std::vector<Tensor> values(const Graph& graph, QuantMode mode, ValueId value) const {
    std::vector<Tensor> found(batch_count(data_.samples.size(), data_.loader));
    const Plan plan(graph, {.mode = mode, .taps = {value}});
    for_each_batch(data_.samples, data_.loader, [&](int, const Batch& batch) {
      plan.run({batch.images},
               [&](ValueId, const TensorView& view) { found[batch.index] = view.to_tensor(); });
    });
    return found;
  }

  /// Row `output` of the weight of a Conv (in the order of `columns`) or of a Gemm with transB.
  static std::vector<double> weights(const Graph& graph, const std::string& layer,
                                     std::int64_t output) {
    const Node& node = graph.node(graph.find_layer(layer).value());
    const Tensor& weight = *graph.constant_behind(node.inputs[1]);
    const auto all = weight.data<float>();
    const auto size = static_cast<std::size_t>(weight.size() / weight.shape()[0]);
    const auto own = all.subspan(static_cast<std::size_t>(output) * size, size);
    if (node.op != "Conv") return {own.begin(), own.end()};
    const auto depth = static_cast<std::size_t>(weight.shape()[1]);
    std::vector<double> row;
    for (std::size_t tap = 0; tap < size / depth; ++tap) {
      for (std::size_t c = 0; c < depth; ++c) row.push_back(own[c * (size / depth) + tap]);
    }
    return row;
  }

  /// The scale of output `output` of a layer's weight.
  static double scale(const Graph& graph, const std::string& layer, std::int64_t output) {
    return graph.params(quantizer_of(graph, layer + ".weight_quant").id)
        .scale.at(static_cast<std::size_t>(output));
  }

  TemporaryFolder folder_;
  CalibrationData data_;

 private:
  static void add_windows(const WindowGeometry& window, const Tensor& x, std::int64_t group,
                          Matrix& rows) {
    const Shape& shape = x.shape();
    const auto data = x.data<float>();
    const std::int64_t depth = shape[1] / window.groups;
    const auto at = [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const bool inside = h >= 0 && w >= 0 && h < shape[2] && w < shape[3];
      const std::int64_t place = ((n * shape[1] + c) * shape[2] + h) * shape[3] + w;
      return inside ? double{data[static_cast<std::size_t>(place)]} : 0.0;
    };
    for (std::int64_t n = 0; n < shape[0]; ++n) {
      for (std::int64_t h = 0; h < window.output[0]; ++h) {
        for (std::int64_t w = 0; w < window.output[1]; ++w) {
          std::vector<double>& row = rows.emplace_back();
          for (std::int64_t i = 0; i < window.kernel[0]; ++i) {
            for (std::int64_t j = 0; j < window.kernel[1]; ++j) {
              for (std::int64_t c = 0; c < depth; ++c) {
                row.push_back(at(n, group * depth + c,
                                 h * window.strides[0] + i - window.pads_begin[0],
                                 w * window.strides[1] + j - window.pads_begin[1]));
              }
            }
          }
        }
      }
    }
  }

  static void add_rows(const Tensor& x, Matrix& rows) {
    const auto data = x.data<float>();
    const auto size = static_cast<std::size_t>(x.shape().back());
    for (std::size_t i = 0; i < data.size(); i += size) {
      const auto row = data.subspan(i, size);
      rows.emplace_back(row.begin(), row.end());
    }
  }
};

/// Mean over rows of a bᵀ.
inline Matrix moments(const Matrix& a, const Matrix& b) {
  Matrix sum(a[0].size(), std::vector<double>(b[0].size(), 0.0));
  for (std::size_t row = 0; row < a.size(); ++row) {
    for (std::size_t i = 0; i < a[row].size(); ++i) {
      for (std::size_t j = 0; j < b[row].size(); ++j) {
        sum[i][j] += a[row][i] * b[row][j] / static_cast<double>(a.size());
      }
    }
  }
  return sum;
}

/// (w − q)ᵀ H (w − q)
inline double quadratic_error(const std::vector<double>& w, const std::vector<double>& q,
                              const Matrix& hessian) {
  double error = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      error += (w[i] - q[i]) * hessian[i][j] * (w[j] - q[j]);
    }
  }
  return error;
}

/// The nearest of the 2·limit + 1 multiples of `scale` around 0.
inline double round_to(double x, double scale, double limit) {
  return std::clamp(std::nearbyint(x / scale), -limit, limit) * scale;
}

/// Concat, residual add, depthwise and grouped convolutions, a ReLU6 and a linear layer.
inline Graph branching_network(std::uint64_t seed = 0) {
  Network net(3, 8, seed);
  const ValueId stem = net.op("relu", "Relu", {net.conv("stem", net.input(), {.channels = 4})});
  const ValueId deep = net.conv("depthwise", stem, {.channels = 4, .groups = 4});
  const ValueId six = net.clip("relu6", net.batchnorm("bn", deep), 0, 6);
  const ValueId sum = net.op("add", "Add", {net.conv("point", six, {.kernel = 1}), stem});
  const ValueId grouped = net.conv("grouped", sum, {.channels = 6, .stride = 2, .groups = 2});
  const ValueId strided = net.conv("strided", stem, {.channels = 2, .stride = 2, .bias = true});
  const ValueId joined =
      net.op("concat", "Concat", {grouped, strided}, {{"axis", std::int64_t{1}}});
  return net.finish({net.head("fc", net.op("relu2", "Relu", {joined}))});
}

/// Three layers in a row, one of them depthwise; what the first one computes is `magnitude` times
/// what it computes for 1.
inline Graph magnified_network(float magnitude) {
  Network net(3, 8);
  const ValueId stem = net.op("relu", "Relu", {net.conv("stem", net.input(), {.channels = 4})});
  const ValueId deep = net.conv("depthwise", stem, {.channels = 4, .groups = 4});
  Graph graph = net.finish({net.conv("last", net.op("relu2", "Relu", {deep}))});
  const ValueId constant = graph.node(graph.find_layer("stem").value()).inputs[1];
  Tensor weight = *graph.constant_behind(constant);
  for (float& w : weight.mutable_data<float>()) w *= magnitude;
  graph.set_constant(constant, weight);
  return graph;
}

}  // namespace quern::test
