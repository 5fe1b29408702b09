#include "quern/lower/epilogue.h"

#include <algorithm>

namespace quern {
namespace {

float of_channel(const std::vector<float>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values[channel];
}

float apply(const Epilogue::Affine& part, float x, std::size_t channel) {
  const float multiplier = of_channel(part.multiplier, channel);
  if (part.divides) return x / multiplier;
  return x * multiplier + of_channel(part.offset, channel);
}

float apply(const Epilogue::Clip& part, float x, std::size_t) {
  return std::min(std::max(x, part.low), part.high);
}

float apply(const Epilogue::Function& part, float x, std::size_t) { return part.compute(x); }

/// The line with `part` behind it.
Line behind(const Line& line, const Epilogue::Affine& part, std::size_t channel) {
  const double given = of_channel(part.multiplier, channel);
  const double multiplier = part.divides ? 1 / given : given;
  const double offset = part.divides ? 0 : of_channel(part.offset, channel);
  if (multiplier == 0) return {0, offset, offset, offset};
  Line result{line.multiplier * multiplier, line.offset * multiplier + offset,
              line.low * multiplier + offset, line.high * multiplier + offset};
  if (multiplier < 0) std::swap(result.low, result.high);
  return result;
}

Line behind(const Line& line, const Epilogue::Clip& part, std::size_t) {
  Line result = line;
  result.low = std::clamp<double>(line.low, part.low, part.high);
  result.high = std::clamp<double>(line.high, part.low, part.high);
  return result;
}

}  // namespace

bool Epilogue::is_per_channel() const {
  return std::ranges::any_of(parts_, [](const Part& part) {
    const auto* affine = std::get_if<Affine>(&part);
    return affine != nullptr && (affine->multiplier.size() > 1 || affine->offset.size() > 1);
  });
}

bool Epilogue::is_monotone() const {
  return std::ranges::all_of(parts_, [](const Part& part) {
    const auto* function = std::get_if<Function>(&part);
    return function == nullptr || function->rises;
  });
}

float Epilogue::operator()(float x, std::size_t channel) const {
  for (const Part& part : parts_) {
    x = std::visit([&](const auto& alternative) { return apply(alternative, x, channel); }, part);
  }
  return x;
}

std::optional<Line> Epilogue::line(std::size_t channel) const {
  Line line;
  for (const Part& part : parts_) {
    if (const auto* affine = std::get_if<Affine>(&part)) {
      line = behind(line, *affine, channel);
    } else if (const auto* clip = std::get_if<Clip>(&part)) {
      line = behind(line, *clip, channel);
    } else {
      return std::nullopt;
    }
  }
  return line;
}

}  // namespace quern
