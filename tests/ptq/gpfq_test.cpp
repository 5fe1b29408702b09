#include "quern/ptq/gpfq.h"

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

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Matrix transposed(const Matrix& a) {
  Matrix result(a[0].size(), std::vector<double>(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[i].size(); ++j) result[j][i] = a[i][j];
  }
  return result;
}

/// The paper's greedy path on the data themselves: u_t = u_{t−1} + w_t X_t − q_t X̂_t, and q_t
/// rounds the projection of u_{t−1} + w_t X_t on X̂_t. Columns are X_t: what input t is on every
/// row.
std::vector<double> follow_greedily(const std::vector<double>& w, const Matrix& x_hat_rows,
                                    const Matrix& x_rows, double scale, bool act_order) {
  const Matrix x_hat = transposed(x_hat_rows);
  const Matrix x = transposed(x_rows);
  std::vector<std::size_t> order(w.size());
  std::iota(order.begin(), order.end(), 0U);
  if (act_order) {
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
      return dot(x_hat[a], x_hat[a]) > dot(x_hat[b], x_hat[b]);
    });
  }
  std::vector<double> missing(x_rows.size(), 0.0);
  std::vector<double> rounded(w.size());
  for (const std::size_t t : order) {
    for (std::size_t i = 0; i < missing.size(); ++i) missing[i] += w[t] * x[t][i];
    const double size = dot(x_hat[t], x_hat[t]);
    rounded[t] = test::round_to(size > 0 ? dot(x_hat[t], missing) / size : w[t], scale, kLimit);
    for (std::size_t i = 0; i < missing.size(); ++i) missing[i] -= rounded[t] * x_hat[t][i];
  }
  return rounded;
}

class Gpfq : public test::CalibratedNetwork {
 protected:
  void expect_formula(const Graph& reference, const Graph& before, const Graph& after,
                      const std::string& layer, std::int64_t output, std::int64_t group,
                      bool act_order) {
    const double step = scale(before, layer, output);
    const std::vector<double> expected = follow_greedily(
        weights(before, layer, output), columns(after, QuantMode::kFakeQuant, layer, group),
        columns(reference, QuantMode::kFloat, layer, group), step, act_order);
    const std::vector<double> found = weights(after, layer, output);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(std::lround(found[i] / step), std::lround(expected[i] / step)) << layer << " " << i;
    }
  }
};

TEST_F(Gpfq, RoundsEveryKindOfLayerByTheFormula) {
  const Graph reference = test::branching_network();
  for (const bool act_order : {false, true}) {
    const Graph before = quantized(reference);
    Graph after = before;
    EXPECT_EQ(gpfq(after, reference, data_, {.act_order = act_order}).layers, 6);
    expect_formula(reference, before, after, "stem", 1, 0, act_order);
    expect_formula(reference, before, after, "depthwise", 2, 2, act_order);
    expect_formula(reference, before, after, "point", 3, 0, act_order);
    expect_formula(reference, before, after, "grouped", 4, 1, act_order);
    expect_formula(reference, before, after, "strided", 0, 0, act_order);
    expect_formula(reference, before, after, "fc", 2, 0, act_order);
  }
}

TEST_F(Gpfq, IsTheSameForAnyNumberOfThreadsAndLittleMemory) {
  const Graph reference = test::branching_network();
  Graph one = quantized(reference);
  Graph two = one;
  gpfq(one, reference, data_);
  data_.loader.threads = 2;
  data_.memory = 4096;  // Less than one batch: all the rest lies in the file.
  gpfq(two, reference, data_);
  EXPECT_EQ(one, two);
}

TEST_F(Gpfq, OnePictureAndInputsThatAreAlwaysZeroAreEnough) {
  Graph reference = test::branching_network();
  const NodeId stem = reference.find_layer("stem").value();
  Tensor weight = *reference.constant_behind(reference.node(stem).inputs[1]);
  std::ranges::fill(weight.mutable_data<float>().subspan(0, 27), 0.0F);
  reference.set_constant(reference.node(stem).inputs[1], weight);
  Graph graph = quantized(reference);
  data_.samples.resize(1);

  const PtqReport report = gpfq(graph, reference, data_);

  EXPECT_THAT(report.notes, testing::Contains(testing::HasSubstr("rounded plainly")));
  verify(graph);  // Finite.
}

TEST_F(Gpfq, RoundsInputsOfAnyMagnitudeAlike) {
  const Graph small = test::magnified_network(1);
  const Graph huge = test::magnified_network(0x1p66F);  // Squares do not fit a float.
  Graph small_rounded = quantized(small);
  Graph huge_rounded = quantized(huge);
  gpfq(small_rounded, small, data_);
  gpfq(huge_rounded, huge, data_);
  for (const char* layer : {"depthwise", "last"}) {
    EXPECT_EQ(weights(huge_rounded, layer, 1), weights(small_rounded, layer, 1)) << layer;
  }
}

TEST_F(Gpfq, NamesALayerWhoseInputIsInfinite) {
  const Graph reference = test::magnified_network(1);
  Graph graph = quantized(reference);
  test::expect_error(
      ErrorCode::kParse,
      "gpfq: an input of layer 'depthwise' is infinite on the calibration pictures",
      [&] { gpfq(graph, test::magnified_network(std::numeric_limits<float>::max()), data_); });
}

TEST_F(Gpfq, RefusesWhatItCanNotWorkWith) {
  const Graph reference = test::branching_network();
  Graph graph = quantized(reference);
  test::expect_error(ErrorCode::kInvalidArgument, "has no layer 'depthwise'",
                     [&] { gpfq(graph, test::resnet(), data_); });
  const Graph wider = [] {
    test::Network net(3, 8);
    return net.finish({net.conv("stem", net.input(), {.channels = 9})});
  }();
  Graph narrow = quantized([] {
    test::Network net(3, 8);
    return net.finish({net.conv("stem", net.input(), {.channels = 8})});
  }());
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'stem' has 1 weight matrices of [8, 27], in the float network 1 of [9, 27]",
                     [&] { gpfq(narrow, wider, data_); });
  data_.samples.clear();
  test::expect_error(ErrorCode::kInvalidArgument, "gpfq needs at least one picture",
                     [&] { gpfq(graph, reference, data_); });
}

}  // namespace
}  // namespace quern
