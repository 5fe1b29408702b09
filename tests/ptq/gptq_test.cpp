#include "quern/ptq/gptq.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::Matrix;

constexpr double kLimit = 7;  // The largest code of 4 bits, narrow.

/// Gauss–Jordan.
Matrix inverse(Matrix a) {
  Matrix result(a.size(), std::vector<double>(a.size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i) result[i][i] = 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double pivot = a[i][i];
    for (std::size_t j = 0; j < a.size(); ++j) {
      a[i][j] /= pivot;
      result[i][j] /= pivot;
    }
    for (std::size_t k = 0; k < a.size(); ++k) {
      if (k == i) continue;
      const double factor = a[k][i];
      for (std::size_t j = 0; j < a.size(); ++j) {
        a[k][j] -= factor * a[i][j];
        result[k][j] -= factor * result[i][j];
      }
    }
  }
  return result;
}

/// Those rows and columns.
Matrix part_of(const Matrix& a, const std::vector<std::size_t>& indices) {
  Matrix result;
  for (const std::size_t i : indices) {
    std::vector<double>& row = result.emplace_back();
    for (const std::size_t j : indices) row.push_back(a[i][j]);
  }
  return result;
}

Matrix damped(Matrix hessian, double damping) {
  double mean = 0;
  for (std::size_t i = 0; i < hessian.size(); ++i) {
    mean += hessian[i][i] / static_cast<double>(hessian.size());
  }
  for (std::size_t i = 0; i < hessian.size(); ++i) hessian[i][i] += damping * mean;
  return hessian;
}

/// The paper's equation 2, with an inverse of its own for every step: round one weight, move those
/// left by −(w_i − q_i) / [H⁻¹]_ii · [H⁻¹]_i.
std::vector<double> round_one_by_one(std::vector<double> w, const Matrix& hessian, double scale) {
  const Matrix used = damped(hessian, GptqOptions().damping);
  std::vector<std::size_t> left(w.size());
  std::iota(left.begin(), left.end(), 0U);
  std::ranges::stable_sort(
      left, [&](std::size_t a, std::size_t b) { return hessian[a][a] > hessian[b][b]; });
  std::vector<double> rounded(w.size());
  while (!left.empty()) {
    const Matrix inverted = inverse(part_of(used, left));
    const std::size_t i = left[0];
    rounded[i] = test::round_to(w[i], scale, kLimit);
    const double error = (w[i] - rounded[i]) / inverted[0][0];
    for (std::size_t j = 0; j < left.size(); ++j) w[left[j]] -= error * inverted[0][j];
    left.erase(left.begin());
  }
  return rounded;
}

/// w + w (E[x x̂ᵀ] − H)(H + damping)⁻¹
std::vector<double> aimed_at_float(const std::vector<double>& w, const Matrix& x_hat,
                                   const Matrix& x) {
  const Matrix hessian = test::moments(x_hat, x_hat);
  const Matrix mixed = test::moments(x, x_hat);
  const Matrix inverted = inverse(damped(hessian, GptqOptions().damping));
  std::vector<double> result = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      for (std::size_t k = 0; k < w.size(); ++k) {
        result[k] += w[i] * (mixed[i][j] - hessian[i][j]) * inverted[j][k];
      }
    }
  }
  return result;
}

void expect_equal(const std::vector<double>& found, const std::vector<double>& expected,
                  double scale) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(std::lround(found[i] / scale), std::lround(expected[i] / scale)) << i;
  }
}

class Gptq : public test::CalibratedNetwork {
 protected:
  /// Of output `output`, of group `group`, as test::round_one_by_one gives it on what the layer
  /// reads in `graph`.
  void expect_formula(const Graph& reference, const Graph& before, const Graph& after,
                      const std::string& layer, std::int64_t output, std::int64_t group,
                      bool asymmetric) {
    const Matrix x_hat = columns(after, QuantMode::kFakeQuant, layer, group);
    const Matrix x = columns(reference, QuantMode::kFloat, layer, group);
    const Matrix hessian = test::moments(x_hat, x_hat);
    const std::vector<double> given = weights(before, layer, output);
    const std::vector<double> wanted = asymmetric ? aimed_at_float(given, x_hat, x) : given;
    const double step = scale(before, layer, output);
    std::vector<double> expected = round_one_by_one(wanted, hessian, step);
    std::vector<double> plain = given;
    for (double& w : plain) w = test::round_to(w, step, kLimit);
    const double plain_error = test::quadratic_error(wanted, plain, hessian);
    if (test::quadratic_error(wanted, expected, hessian) > plain_error) expected = plain;
    SCOPED_TRACE(layer + " output " + std::to_string(output));
    expect_equal(weights(after, layer, output), expected, step);
    EXPECT_LE(test::quadratic_error(wanted, weights(after, layer, output), hessian),
              plain_error * (1 + 1e-6));
  }
};

TEST_F(Gptq, RoundsEveryKindOfLayerByTheFormula) {
  const Graph reference = test::branching_network();
  for (const bool asymmetric : {false, true}) {
    const Graph before = quantized(reference);
    Graph after = before;
    const PtqReport report = gptq(after, reference, data_, {.asymmetric = asymmetric});
    EXPECT_EQ(report.layers, 6);
    expect_formula(reference, before, after, "stem", 1, 0, asymmetric);
    expect_formula(reference, before, after, "depthwise", 2, 2, asymmetric);
    expect_formula(reference, before, after, "point", 3, 0, asymmetric);
    expect_formula(reference, before, after, "grouped", 1, 0, asymmetric);
    expect_formula(reference, before, after, "grouped", 4, 1, asymmetric);
    expect_formula(reference, before, after, "strided", 0, 0, asymmetric);
    expect_formula(reference, before, after, "fc", 2, 0, asymmetric);
  }
}

TEST_F(Gptq, TakesAMatMulAlongTheLastOfFourAxes) {
  test::Network net(3, 8);
  const ValueId moved = net.op("moved", "Transpose", {net.conv("stem", net.input())},
                               {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}});
  const ValueId product =
      net.op("product", "MatMul", {moved, net.weight("product.weight", {4, 4})});
  const Graph reference = net.finish({product});
  Graph graph = quantized(reference);
  const std::vector<double> given = [&] {
    std::vector<double> column;
    const Node& node = graph.node(*graph.find_layer("product"));
    for (int i = 0; i < 4; ++i) {
      column.push_back(
          graph.constant_behind(node.inputs[1])->data<float>()[static_cast<std::size_t>(4 * i)]);
    }
    return column;
  }();
  gptq(graph, reference, data_, {.asymmetric = false});

  const Matrix x_hat = columns(graph, QuantMode::kFakeQuant, "product");
  const double step = scale(graph, "product", 0);
  const std::vector<double> expected = round_one_by_one(given, test::moments(x_hat, x_hat), step);
  const Tensor& found = *graph.constant_behind(graph.node(*graph.find_layer("product")).inputs[1]);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(std::lround(found.data<float>()[4 * i] / step), std::lround(expected[i] / step)) << i;
  }
}

TEST_F(Gptq, SaysWhichWeightsItLeaves) {
  test::Network net(3, 8);
  const ValueId grown =
      net.op("grown", "ConvTranspose",
             {net.conv("stem", net.input()), net.weight("grown.weight", {4, 3, 2, 2})},
             {{"strides", std::vector<std::int64_t>{2, 2}}});
  const Graph reference = net.finish({grown});
  Graph graph = quantized(reference);
  EXPECT_THAT(gptq(graph, reference, data_).notes,
              testing::ElementsAre("weights of 'grown' keep their rounding: no form of its "
                                   "ConvTranspose is known"));
}

TEST_F(Gptq, BlocksChangeNothing) {
  const Graph reference = test::branching_network();
  Graph whole = quantized(reference);
  Graph blocks = whole;
  gptq(whole, reference, data_, {.block_size = 1000});
  gptq(blocks, reference, data_, {.block_size = 5});
  for (const char* layer : {"stem", "grouped", "fc"}) {
    expect_equal(weights(blocks, layer, 1), weights(whole, layer, 1), scale(whole, layer, 1));
  }
}

TEST_F(Gptq, IsTheSameForAnyNumberOfThreads) {
  const Graph reference = test::branching_network();
  Graph one = quantized(reference);
  Graph two = one;
  gptq(one, reference, data_);
  data_.loader.threads = 2;
  gptq(two, reference, data_);
  EXPECT_EQ(one, two);
}

TEST_F(Gptq, NotesInputsThatAreAlwaysZeroAndRoundsTheirWeightsPlainly) {
  Graph reference = test::branching_network();
  const NodeId stem = reference.find_layer("stem").value();
  Tensor weight = *reference.constant_behind(reference.node(stem).inputs[1]);
  std::ranges::fill(weight.mutable_data<float>().subspan(0, 27), 0.0F);
  reference.set_constant(reference.node(stem).inputs[1], weight);
  const Graph before = quantized(reference);
  Graph after = before;

  const PtqReport report = gptq(after, reference, data_);

  EXPECT_THAT(report.notes, testing::Contains(testing::HasSubstr(
                                "are 0 wherever they were looked at, the first in "
                                "'depthwise'")));
  const double step = scale(before, "depthwise", 0);
  std::vector<double> plain = weights(before, "depthwise", 0);
  for (double& w : plain) w = test::round_to(w, step, kLimit);
  expect_equal(weights(after, "depthwise", 0), plain, step);
}

TEST_F(Gptq, OnePictureIsEnough) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference);
  data_.samples.resize(1);
  EXPECT_EQ(gptq(graph, reference, data_).layers, 6);
  verify(graph);  // Finite.
}

TEST_F(Gptq, RoundsInputsOfAnyMagnitudeAlike) {
  const Graph small = test::magnified_network(1);
  const Graph huge = test::magnified_network(0x1p66F);  // Squares do not fit a float.
  Graph small_rounded = quantized(small);
  Graph huge_rounded = quantized(huge);
  gptq(small_rounded, small, data_);
  gptq(huge_rounded, huge, data_);
  for (const char* layer : {"depthwise", "last"}) {
    EXPECT_EQ(weights(huge_rounded, layer, 1), weights(small_rounded, layer, 1)) << layer;
  }
}

TEST_F(Gptq, NamesALayerWhoseInputIsInfinite) {
  const Graph reference = test::magnified_network(1);
  Graph graph = quantized(reference);
  test::expect_error(
      ErrorCode::kParse,
      "gptq: an input of layer 'depthwise' is infinite on the calibration pictures",
      [&] { gptq(graph, test::magnified_network(std::numeric_limits<float>::max()), data_); });
}

TEST_F(Gptq, RefusesWhatItCanNotWorkWith) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference);
  test::expect_error(ErrorCode::kInvalidArgument, "damping must be above 0, got 0",
                     [&] { gptq(graph, reference, data_, {.damping = 0}); });
  test::expect_error(ErrorCode::kInvalidArgument, "block_size must be above 0, got 0",
                     [&] { gptq(graph, reference, data_, {.block_size = 0}); });
  test::expect_error(ErrorCode::kInvalidArgument, "has no layer 'depthwise'",
                     [&] { gptq(graph, test::resnet(), data_); });
  data_.samples.clear();
  test::expect_error(ErrorCode::kInvalidArgument, "gptq needs at least one picture",
                     [&] { gptq(graph, reference, data_); });
}

}  // namespace
}  // namespace quern
