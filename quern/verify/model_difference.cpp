#include "quern/verify/model_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <type_traits>

namespace quern {
namespace {

using Sentence = std::optional<std::string>;

template <class T>
concept Number = std::integral<T> || std::floating_point<T>;

template <Number T>
Sentence number(const char* what, T found, T expected) {
  if (found == expected) return std::nullopt;
  return fmt::format("{} is {}, expected {}", what, found, expected);
}

template <class T>
Sentence numbers(const char* what, const std::vector<T>& found, const std::vector<T>& expected) {
  if (found.size() != expected.size()) {
    return fmt::format("there are {} of {}, expected {}", found.size(), what, expected.size());
  }
  const auto [a, b] = std::ranges::mismatch(found, expected);
  if (a == found.end()) return std::nullopt;
  return fmt::format("{} {} is {}, expected {}", what, a - found.begin(), *a, *b);
}

/// The first of some sentences.
template <class... More>
Sentence first(Sentence sentence, More... more) {
  if constexpr (sizeof...(more) == 0) {
    return sentence;
  } else {
    return sentence ? sentence : first(std::move(more)...);
  }
}

Sentence difference(const QuernWindow& found, const QuernWindow& expected) {
  if (found == expected) return std::nullopt;
  return "its window is another";
}

Sentence difference(const Requantization& found, const Requantization& expected) {
  return first(number<int>("the rounding", found.rounding, expected.rounding),
               number("the smallest code", found.low, expected.low),
               number("the largest code", found.high, expected.high),
               numbers("multiplier", found.multiplier, expected.multiplier),
               numbers("shift", found.shift, expected.shift),
               numbers("remainder", found.remainder, expected.remainder),
               numbers("largest code of channel", found.highest, expected.highest),
               numbers("threshold", found.thresholds, expected.thresholds));
}

/// In words of weights: a packed word would say nothing.
Sentence difference(const PackedWeights& found, const PackedWeights& expected) {
  if (found == expected) return std::nullopt;
  const bool is_alike = found.channels == expected.channels && found.depth == expected.depth;
  if (!is_alike) return "its weights have another shape";
  const std::vector<std::int32_t> a = unpack_weights(found);
  const std::vector<std::int32_t> b = unpack_weights(expected);
  const auto [at, other] = std::ranges::mismatch(a, b);
  if (at == a.end()) return "its weights are packed otherwise";
  const std::ptrdiff_t index = at - a.begin();
  return fmt::format("weight {} of channel {} is {}, expected {}", index % found.depth,
                     index / found.depth, *at, *other);
}

Sentence difference(const IntConv& found, const IntConv& expected) {
  return first(difference(found.window, expected.window),
               number("the number of groups", found.groups, expected.groups),
               number("the padding", found.padding, expected.padding),
               difference(found.weights, expected.weights),
               numbers("bias", found.bias, expected.bias),
               difference(found.requantization, expected.requantization));
}

Sentence difference(const IntMaxPool& found, const IntMaxPool& expected) {
  return difference(found.window, expected.window);
}

Sentence difference(const IntAveragePool& found, const IntAveragePool& expected) {
  return first(difference(found.window, expected.window),
               difference(found.requantization, expected.requantization));
}

Sentence difference(const IntAdd& found, const IntAdd& expected) {
  return first(number("the first factor", found.factor_a, expected.factor_a),
               number("the second factor", found.factor_b, expected.factor_b),
               number("the bias", found.bias, expected.bias),
               difference(found.requantization, expected.requantization));
}

Sentence difference(const IntAffine& found, const IntAffine& expected) {
  return first(numbers("factor", found.factor, expected.factor),
               numbers("bias", found.bias, expected.bias),
               difference(found.requantization, expected.requantization));
}

Sentence difference(const IntLookup& found, const IntLookup& expected) {
  return numbers("entry of the table", found.table, expected.table);
}

Sentence difference(const IntConcat&, const IntConcat&) { return std::nullopt; }

Sentence difference(const IntPad& found, const IntPad& expected) {
  return first(number("the top", found.top, expected.top),
               number("the left", found.left, expected.left),
               number("the value", found.value, expected.value));
}

Sentence difference(const IntResize& found, const IntResize& expected) {
  return first(numbers("row", found.row, expected.row),
               numbers("column", found.column, expected.column));
}

Sentence difference(const IntOp& found, const IntOp& expected) {
  if (found.kind.index() != expected.kind.index()) return "it is another op";
  if (found.inputs != expected.inputs || found.output != expected.output) {
    return "it reads or writes other tensors";
  }
  return std::visit(
      [&](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        return difference(kind, std::get<Kind>(expected.kind));
      },
      found.kind);
}

Sentence difference(const IntTensor& found, const IntTensor& expected) {
  if (found.height != expected.height || found.width != expected.width ||
      found.channels != expected.channels || found.bits != expected.bits) {
    return "its output has another shape";
  }
  return first(number("the zero point of its output", found.zero_point, expected.zero_point),
               number("the first code of its output", found.first_code, expected.first_code),
               numbers("scale of its output", found.scale, expected.scale));
}

}  // namespace

std::optional<ModelDifference> find_difference(const IntModel& found, const IntModel& expected) {
  const auto sizes =
      first(number("the number of ops", found.ops.size(), expected.ops.size()),
            number("the number of tensors", found.tensors.size(), expected.tensors.size()));
  if (sizes) return ModelDifference{"", *sizes};
  for (std::size_t i = 0; i < found.ops.size(); ++i) {
    const auto output = static_cast<std::size_t>(expected.ops[i].output);
    Sentence sentence = difference(found.ops[i], expected.ops[i]);
    if (!sentence) sentence = difference(found.tensors[output], expected.tensors[output]);
    if (sentence) return ModelDifference{expected.ops[i].layer, *sentence};
  }
  for (std::size_t i = 0; i < found.tensors.size(); ++i) {
    if (const Sentence sentence = difference(found.tensors[i], expected.tensors[i])) {
      return ModelDifference{"", "input: " + *sentence};
    }
  }
  if (found.inputs != expected.inputs || found.outputs != expected.outputs) {
    return ModelDifference{"", "the network's inputs or outputs are others"};
  }
  return std::nullopt;
}

}  // namespace quern
