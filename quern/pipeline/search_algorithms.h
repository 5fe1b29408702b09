#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

/// Algorithms of post-training quantization that were tried together.
struct SearchTrial {
  std::vector<std::string> algorithms;
  double sqnr_db = 0;   ///< Of the outputs against the float network's, on pictures held back.
  double seconds = 0;   ///< Wall clock, from the float network on.
  std::string failure;  ///< Why the algorithms did not run to their end; empty: they did.
};

/// "gptq, correct_bias", "no algorithm"
std::string name(const SearchTrial& trial);

struct SearchReport {
  std::vector<SearchTrial> trials;  ///< The best first; of equals the one with fewer algorithms;
                                    ///< last what failed.
  std::size_t held_back = 0;        ///< Pictures that the trials were judged by.
};

/// Tries sensible combinations of algorithms on four fifths of the recipe's calibration pictures
/// and judges each by the outputs of the loaded float network on the rest, which needs no labels:
/// nothing, `gptq`, `gpfq`, each with and without `correct_bias`; where the best of these stays
/// below 20 dB, an error of a tenth of the outputs, also `adaround`, which takes minutes. What the
/// recipe says of `algorithms` is not read; all else stays as it is. Says in the log how each did.
/// Algorithms that fail are a trial, too; the search goes on as long as the network can be
/// quantized without any.
/// @throws Error(kInvalidArgument) for fewer than five calibration pictures; errors of quantize.
SearchReport search_algorithms(const Recipe& recipe);

}  // namespace quern
