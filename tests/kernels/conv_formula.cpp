#include "tests/kernels/conv_formula.h"

#include <gtest/gtest.h>

#include <cmath>

#include "quern/base/random.h"
#include "quern/quantizers/repeated.h"

namespace quern::test {
namespace {

/// float32 sums of a few thousand products in another order.
constexpr double kReassociation = 1e-5;

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(static_cast<float>(random.normal()));
  return result;
}

template <class A, class B>
double distance(const std::vector<A>& found, const std::vector<B>& wanted) {
  EXPECT_EQ(found.size(), wanted.size());
  double apart = 0;
  double norm = 1e-6;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    apart += std::pow(static_cast<double>(found[i]) - static_cast<double>(wanted[i]), 2);
    norm += std::pow(static_cast<double>(wanted[i]), 2);
  }
  return std::sqrt(apart / norm);
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// What lies `period` floats long, array behind array, by channel.
std::vector<float> by_channel(const std::vector<float>& sums, std::int64_t period,
                              std::int64_t channels) {
  std::vector<double> result(sums.size() / static_cast<std::size_t>(period / channels));
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(sums.size()); ++i) {
    result[static_cast<std::size_t>(i / period * channels + i % channels)] +=
        sums[static_cast<std::size_t>(i)];
  }
  return floats(result);
}

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

ConvProblem::ConvProblem(ConvShape shape, bool has_pass, bool by_moments)
    : shape_(shape), has_pass_(has_pass), by_moments_(by_moments) {
  for (const std::size_t axis : {0, 1}) {
    shape_.output[axis] =
        (shape.input[axis] + 2 * shape.pads[axis] - shape.kernel[axis]) / shape.strides[axis] + 1;
  }
  x_ = random_floats(shape.images * shape.input[0] * shape.input[1] * shape.channels, 1);
  weight_ = random_floats(shape.out_channels * shape.depth(), 2);
  dy_ = random_floats(shape.images * shape_.output[0] * shape_.output[1] * shape.out_channels, 3);
  const std::int64_t in = repeated_period(shape.channels);
  const std::int64_t out = repeated_period(shape.out_channels);
  multiplier_ = repeated(random_floats(shape.channels, 4), 0, in);
  offset_ = repeated(random_floats(shape.channels, 5), 0, in);
  input_mean_ = repeated(random_floats(shape.channels, 6), 0, in);
  output_mean_ = repeated(random_floats(shape.out_channels, 7), 0, out);
  slope_ = repeated(random_floats(shape.out_channels, 8), 0, out);
  intercept_ = repeated(random_floats(shape.out_channels, 9), 0, out);
  pass_ = {.period = in,
           .multiplier = multiplier_.data(),
           .offset = offset_.data(),
           .low = 0,
           .high = 2,
           .scale = 0.12F,
           .qmin = 0,
           .qmax = 15};
}

std::vector<float> ConvProblem::input() const {
  if (!has_pass_) return x_;
  std::vector<float> result(x_.size());
  run(pass_, PassForward{x_.data(), result.data()}, static_cast<std::int64_t>(x_.size()),
      active_isa());
  return result;
}

/// Calls visit(index of y, of x, of the weight) for every product that a convolution sums up.
template <class Visit>
void ConvProblem::for_each_product(const Visit& visit) const {
  const ConvShape& s = shape_;
  const std::int64_t group_in = s.channels / s.groups;
  const std::int64_t group_out = s.out_channels / s.groups;
  const std::int64_t pixels = s.images * s.output[0] * s.output[1];
  for (std::int64_t index = 0; index < pixels * s.out_channels * s.depth(); ++index) {
    const std::int64_t k = index % s.depth();
    const std::int64_t out = index / s.depth();
    const std::int64_t o = out % s.out_channels;
    const std::int64_t pixel = out / s.out_channels;
    const std::int64_t ky = k / group_in / s.kernel[1];
    const std::int64_t kx = k / group_in % s.kernel[1];
    const std::int64_t y = pixel / s.output[1] % s.output[0] * s.strides[0] - s.pads[0] + ky;
    const std::int64_t x = pixel % s.output[1] * s.strides[1] - s.pads[1] + kx;
    if (y < 0 || y >= s.input[0] || x < 0 || x >= s.input[1]) continue;
    const std::int64_t image = pixel / s.output[1] / s.output[0];
    const std::int64_t channel = o / group_out * group_in + k % group_in;
    visit(at(out), at(((image * s.input[0] + y) * s.input[1] + x) * s.channels + channel),
          at(o * s.depth() + k));
  }
}

std::vector<double> ConvProblem::output_gradient(const std::vector<float>& y) const {
  std::vector<double> result(dy_.begin(), dy_.end());
  if (!by_moments_) return result;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t lane = i % output_mean_.size();
    result[i] += (y[i] - output_mean_[lane]) * slope_[lane] + intercept_[lane];
  }
  return result;
}

ConvProblem::Result ConvProblem::by_formula() const {
  const std::vector<float> input = this->input();
  std::vector<double> y(dy_.size()), dx(x_.size()), dweight(weight_.size());
  for_each_product([&](std::size_t out, std::size_t in, std::size_t k) {
    y[out] += static_cast<double>(input[in]) * weight_[k];
  });
  Result result{.y = floats(y)};
  const std::vector<double> gradient = output_gradient(result.y);
  for_each_product([&](std::size_t out, std::size_t in, std::size_t k) {
    dx[in] += gradient[out] * weight_[k];
    dweight[k] += gradient[out] * input[in];
  });
  result.dx = floats(dx);
  result.dweight = floats(dweight);
  if (has_pass_) {
    result.pass_sums.resize(at(3 * pass_.period));
    run(pass_,
        PassReduction{x_.data(), result.dx.data(), input_mean_.data(), result.pass_sums.data(),
                      result.dx.data()},
        static_cast<std::int64_t>(x_.size()), active_isa());
    result.pass_sums = by_channel(result.pass_sums, pass_.period, shape_.channels);
  }
  const auto channels = at(shape_.out_channels);
  const double pixels = static_cast<double>(y.size()) / static_cast<double>(channels);
  result.mean.resize(channels);
  result.variance.resize(channels);
  for (std::size_t i = 0; i < y.size(); ++i) result.mean[i % channels] += y[i] / pixels;
  for (std::size_t i = 0; i < y.size(); ++i) {
    result.variance[i % channels] += std::pow(y[i] - result.mean[i % channels], 2) / pixels;
  }
  return result;
}

ConvProblem::Result ConvProblem::by_kernel(ConvKind kind, bool gives_dx, Isa isa) const {
  const auto kernel = make_conv_kernel(kind, shape_, weight_, isa);
  Result result{.y = std::vector<float>(dy_.size()),
                .dx = std::vector<float>(x_.size()),
                .dweight = std::vector<float>(weight_.size()),
                .pass_sums = std::vector<float>(has_pass_ ? at(3 * pass_.period) : 0)};
  const ConvInput input{x_.data(), has_pass_ ? &pass_ : nullptr};
  std::vector<Moments> moments;
  for (std::int64_t piece = 0; piece < kernel->pieces(); ++piece) {
    MomentSums sums(shape_.out_channels);
    kernel->forward(piece, {input, result.y.data()}, &sums);
    moments.push_back(sums.moments());
  }
  const Moments all = combine(moments);
  result.mean = all.mean;
  result.variance = all.variance;
  OutputGradient output{.dy = dy_.data()};
  if (by_moments_) {
    output.moments = {.period = static_cast<std::int64_t>(output_mean_.size()),
                      .y = result.y.data(),
                      .mean = output_mean_.data(),
                      .slope = slope_.data(),
                      .intercept = intercept_.data()};
  }
  const ConvBackward work{input, output, input_mean_.data(), gives_dx ? result.dx.data() : nullptr};
  for (std::int64_t piece = 0; piece < kernel->pieces(); ++piece) {
    kernel->backward(piece, work, {result.dweight.data(), result.pass_sums.data()});
  }
  result.pass_sums = by_channel(result.pass_sums, pass_.period, shape_.channels);
  return result;
}

void expect_formula(ConvKind kind, const ConvShape& shape, bool gives_dx) {
  for (const bool has_pass : {false, true}) {
    for (const bool by_moments : {false, true}) {
      const ConvProblem problem(shape, has_pass && gives_dx, by_moments);
      const auto found = problem.by_kernel(kind, gives_dx);
      const auto wanted = problem.by_formula();
      EXPECT_LT(distance(found.y, wanted.y), kReassociation);
      EXPECT_LT(distance(found.mean, wanted.mean), kReassociation);
      EXPECT_LT(distance(found.variance, wanted.variance), kReassociation);
      EXPECT_LT(distance(found.dweight, wanted.dweight), kReassociation);
      if (gives_dx) {
        EXPECT_LT(distance(found.dx, wanted.dx), kReassociation);
        EXPECT_LT(distance(found.pass_sums, wanted.pass_sums), kReassociation);
      }
      for (const Isa isa : available_isas()) {
        const auto other = problem.by_kernel(kind, gives_dx, isa);
        EXPECT_EQ(other.y, found.y) << name(isa);
        EXPECT_EQ(other.dx, found.dx) << name(isa);
        EXPECT_EQ(other.dweight, found.dweight) << name(isa);
        EXPECT_EQ(other.pass_sums, found.pass_sums) << name(isa);
        EXPECT_EQ(other.mean, found.mean) << name(isa);
      }
    }
  }
}

}  // namespace quern::test
