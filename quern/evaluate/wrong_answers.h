#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quern {

/// A picture that a network answers wrongly.
struct WrongAnswer {
  std::size_t picture = 0;          ///< Its row.
  std::vector<std::size_t> truth;   ///< The outputs, or the class, that it shows.
  std::vector<std::size_t> answer;  ///< Those that the network says.
  double confidence = 0;            ///< The probability that it gives what it is wrong about: of
                                    ///< several outputs the largest, 0.5 to 1; of a class, 0 to 1.

  bool operator==(const WrongAnswer&) const = default;
};

/// Every picture with a wrong answer, the most confident one first; among equals in their order.
/// @param logits          [pictures, outputs]
/// @param targets         The same shape, 0 or 1.
/// @param is_multi_label  Whether every output says yes or no by itself; else the largest logit
///                        answers, as the lower class among equals.
/// @throws Error(kInvalidArgument) if the sizes do not fit.
std::vector<WrongAnswer> wrong_answers(std::span<const float> logits,
                                       std::span<const float> targets, std::size_t outputs,
                                       bool is_multi_label);

}  // namespace quern
