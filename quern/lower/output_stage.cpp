#include "quern/lower/output_stage.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "quern/base/error.h"
#include "quern/lower/fixed_point.h"
#include "quern/lower/refusal.h"

namespace quern {
namespace {

template <class T>
const T& of_channel(const std::vector<T>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

template <class T>
bool is_uniform(const std::vector<T>& values) {
  return std::ranges::all_of(values, [&](const T& value) { return value == values.front(); });
}

/// Biases from here on leave no room for sums.
constexpr double kBiasEnd = std::int64_t{1} << 30;

/// One channel with a multiplier.
struct ChannelStage {
  FixedPoint multiplier;
  std::int32_t bias = 0;
  std::int32_t remainder = 0;
  std::int32_t sign = 1;
  std::int32_t low = 0;
  std::int32_t high = 0;
};

class StageBuilder {
 public:
  StageBuilder(const Accumulator& accumulator, const Epilogue& epilogue, const Grid& grid,
               std::int32_t channels, const LowerOptions& options)
      : accumulator_(accumulator),
        epilogue_(epilogue),
        grid_(grid),
        options_(options),
        entries_(is_per_channel() ? static_cast<std::size_t>(channels) : 1) {}

  /// None where multipliers can not say it, with the reason.
  std::optional<OutputStage> with_multipliers(bool bias_per_channel, std::string& reason) const;
  OutputStage with_thresholds() const;

 private:
  bool is_per_channel() const {
    return accumulator_.step.size() > 1 || accumulator_.offset.size() > 1 ||
           accumulator_.reach.size() > 1 || epilogue_.is_per_channel();
  }

  bool rounds_down() const {
    return options_.rounding == RequantizeRounding::kFloor ||
           grid_.spec.rounding == Rounding::kFloor;
  }

  std::int32_t decide(std::int64_t accumulated, std::size_t channel) const {
    const double real = static_cast<double>(accumulated) * of_channel(accumulator_.step, channel) +
                        double{of_channel(accumulator_.offset, channel)};
    return grid_.code_of(epilogue_(static_cast<float>(real), channel));
  }

  std::optional<ChannelStage> channel_stage(std::size_t channel, const Line& line) const;
  std::optional<std::vector<ChannelStage>> channel_stages(std::string& reason) const;
  ChannelStage constant(std::int32_t code, ChannelStage stage) const;
  bool ties_otherwise(const OutputStage& stage) const;

  const Accumulator& accumulator_;
  const Epilogue& epilogue_;
  const Grid& grid_;
  const LowerOptions& options_;
  std::size_t entries_;
};

ChannelStage StageBuilder::constant(std::int32_t code, ChannelStage stage) const {
  stage.multiplier = fixed_point(1).value();
  stage.bias = code - grid_.stored_zero();
  stage.sign = 0;
  stage.low = stage.high = code;
  return stage;
}

/// The multiplier, bias and ends of a channel; none where the bias is too large.
std::optional<ChannelStage> StageBuilder::channel_stage(std::size_t channel,
                                                        const Line& line) const {
  ChannelStage stage;
  stage.low = grid_.code_of(static_cast<float>(line.low));
  stage.high = grid_.code_of(static_cast<float>(line.high));
  const double step = of_channel(accumulator_.step, channel);
  double multiplier = line.multiplier * step / double{grid_.scale};
  const double offset =
      line.multiplier * double{of_channel(accumulator_.offset, channel)} + line.offset;
  const std::optional<FixedPoint> found = fixed_point(multiplier);
  if (found && found->multiplier == 0) {
    return constant(grid_.code_of(static_cast<float>(std::clamp(offset, line.low, line.high))),
                    stage);
  }
  if (!found) return std::nullopt;
  stage.multiplier = *found;
  if (options_.fold == Fold::kWeights && multiplier < 0) {
    stage.sign = -1;
    stage.multiplier.multiplier = -stage.multiplier.multiplier;
    multiplier = -multiplier;
  }
  const double bias = offset / double{grid_.scale} / multiplier;
  const Reach& reach = of_channel(accumulator_.reach, channel);
  if (std::fabs(bias) >= kBiasEnd) {
    const std::int32_t ends[] = {decide(reach.low, channel), decide(reach.high, channel)};
    if (std::abs(ends[0] - ends[1]) > 1) return std::nullopt;
    return constant(decide((reach.low + reach.high) / 2, channel), stage);
  }
  stage.bias = static_cast<std::int32_t>(std::nearbyint(bias));
  if (options_.rounding == RequantizeRounding::kNearest) {
    stage.remainder =
        static_cast<std::int32_t>(std::llround((bias - stage.bias) * stage.multiplier.multiplier));
  }
  return stage;
}

/// Whether the one multiplier of a sum of few values rounds one of them to another code than the
/// grid, which sends ties to even: with equal scales every second sum may be one.
bool StageBuilder::ties_otherwise(const OutputStage& stage) const {
  constexpr std::int64_t kFew = 1 << 12;
  const Reach& reach = accumulator_.reach[0];
  if (entries_ > 1 || reach.high - reach.low > kFew) return false;
  const Requantization& given = stage.requantization;
  const QuernRequantize to = {
      .rounding = given.rounding,
      .zero_point = grid_.stored_zero(),
      .low = given.low,
      .high = given.high,
      .stride = 0,
      .multiplier = given.multiplier.data(),
      .shift = given.shift.data(),
      .remainder = given.remainder.empty() ? nullptr : given.remainder.data()};
  for (std::int64_t sum = reach.low; sum <= reach.high; ++sum) {
    auto code = static_cast<std::int32_t>(sum) * stage.sign[0] + stage.bias[0];
    quern_requantize(&to, 0, 1, &code);
    if (code != decide(sum, 0)) return true;
  }
  return false;
}

/// All entries; none, and why, where multipliers can not say one of them.
std::optional<std::vector<ChannelStage>> StageBuilder::channel_stages(std::string& reason) const {
  const bool rounds_otherwise = grid_.spec.rounding != Rounding::kHalfEven && !rounds_down();
  if (rounds_otherwise || grid_.spec.is_bipolar()) {
    reason = "its grid rounds neither to nearest nor down";
    return std::nullopt;
  }
  std::vector<ChannelStage> stages;
  for (std::size_t channel = 0; channel < entries_; ++channel) {
    const std::optional<Line> line = epilogue_.line(channel);
    if (!line) {
      reason = "its activation is no line";
      return std::nullopt;
    }
    const std::optional<ChannelStage> stage = channel_stage(channel, *line);
    if (!stage) {
      reason = fmt::format("the bias of channel {} is beyond 2^30", channel);
      return std::nullopt;
    }
    stages.push_back(*stage);
  }
  return stages;
}

/// The low code that all entries share; none where they differ. A constant entry has none of its
/// own, but may not lie below.
std::optional<std::int32_t> common_low(const std::vector<ChannelStage>& stages) {
  std::optional<std::int32_t> low;
  for (const ChannelStage& stage : stages) {
    if (stage.sign == 0) continue;
    if (low && *low != stage.low) return std::nullopt;
    low = stage.low;
  }
  const std::int32_t least = std::ranges::min(stages, {}, &ChannelStage::low).low;
  if (low && least < *low) return std::nullopt;
  return least;
}

/// Puts the entries side by side, and leaves out what says nothing.
OutputStage assembled(const std::vector<ChannelStage>& stages, std::int32_t low,
                      QuernRounding rounding) {
  OutputStage result;
  Requantization& to = result.requantization;
  to.rounding = rounding;
  to.low = low;
  to.high = std::ranges::max(stages, {}, &ChannelStage::high).high;
  for (const ChannelStage& stage : stages) {
    to.multiplier.push_back(stage.multiplier.multiplier);
    to.shift.push_back(stage.multiplier.shift);
    to.remainder.push_back(stage.remainder);
    to.highest.push_back(static_cast<std::uint8_t>(stage.sign == 0 ? to.high : stage.high));
    result.bias.push_back(stage.bias);
    result.sign.push_back(stage.sign);
  }
  if (is_uniform(to.highest)) to.highest.clear();
  if (std::ranges::all_of(to.remainder, [](std::int32_t r) { return r == 0; })) {
    to.remainder.clear();
  }
  if (to.remainder.empty() && to.highest.empty() && is_uniform(to.multiplier) &&
      is_uniform(to.shift)) {
    to.multiplier.resize(1);
    to.shift.resize(1);
  }
  return result;
}

std::optional<OutputStage> StageBuilder::with_multipliers(bool bias_per_channel,
                                                          std::string& reason) const {
  const auto stages = channel_stages(reason);
  if (!stages) return std::nullopt;
  const std::optional<std::int32_t> low = common_low(*stages);
  if (!low) {
    reason = "its channels clip at different low codes";
    return std::nullopt;
  }
  OutputStage result = assembled(*stages, *low, rounds_down() ? kQuernFloor : kQuernNearest);
  if (bias_per_channel) return result;
  if (!is_uniform(result.bias) || !is_uniform(result.sign)) {
    reason = "its channels have different biases";
    return std::nullopt;
  }
  if (result.requantization.rounding == kQuernNearest && ties_otherwise(result)) {
    reason = "its sums lie halfway between two codes";
    return std::nullopt;
  }
  return result;
}

OutputStage StageBuilder::with_thresholds() const {
  OutputStage result;
  Requantization& to = result.requantization;
  to.rounding = kQuernThresholds;
  to.low = grid_.low();
  to.high = grid_.high();
  for (std::size_t channel = 0; channel < entries_; ++channel) {
    const Thresholds found =
        find_thresholds([&](std::int32_t accumulated) { return decide(accumulated, channel); },
                        of_channel(accumulator_.reach, channel), to.low, to.high);
    to.multiplier.push_back(found.sign);
    to.thresholds.insert(to.thresholds.end(), found.values.begin(), found.values.end());
  }
  result.bias.assign(entries_, 0);
  result.sign.assign(entries_, 1);
  return result;
}

}  // namespace

OutputStage output_stage(const Node& node, const Accumulator& accumulator, const Epilogue& epilogue,
                         const Grid& grid, std::int32_t channels, bool bias_per_channel,
                         const LowerOptions& options) {
  const StageBuilder builder(accumulator, epilogue, grid, channels, options);
  std::string reason;
  if (options.fold != Fold::kThresholds) {
    std::optional<OutputStage> found = builder.with_multipliers(bias_per_channel, reason);
    if (found) return *std::move(found);
  }
  if (!epilogue.is_monotone()) {
    refuse(node, "an activation that both rises and falls between it and its grid",
           "an activation that reads codes can be lowered: put a Quant in front of it");
  }
  OutputStage found = builder.with_thresholds();
  if (!reason.empty()) found.note = "takes thresholds: " + reason;
  return found;
}

}  // namespace quern
