#pragma once

#include <cstdint>
#include <vector>

#include "quern/runtime/requantize.h"
#include "quern/runtime/tensor.h"

namespace quern::test {

/// Integers of shape [height, width, channels], and how a buffer holds them.
struct Codes {
  QuernTensor layout;
  std::vector<std::int32_t> values;

  std::int32_t& at(std::int32_t y, std::int32_t x, std::int32_t c);
  std::int32_t at(std::int32_t y, std::int32_t x, std::int32_t c) const;
};

/// Pixels and rows as tight as possible, or with unused bytes after each.
QuernTensor layout(std::int32_t height, std::int32_t width, std::int32_t channels,
                   std::int32_t bits, std::int32_t unused_bytes = 0);

/// Zeros.
Codes codes(const QuernTensor& layout);

/// All codes are equally likely.
Codes random_codes(const QuernTensor& layout, std::uint64_t seed);

/// A buffer of exactly the layout's bytes, noise in the unused ones, so that a sanitizer sees a
/// kernel that leaves it.
std::vector<std::uint8_t> pack(const Codes& codes);

/// The elements in a buffer.
Codes unpack(const QuernTensor& layout, const std::vector<std::uint8_t>& buffer);

/// One accumulator's code.
std::int32_t requantized(const QuernRequantize& to, std::int32_t entry, std::int32_t accumulator);

/// Bytes of a buffer.
std::size_t buffer_bytes(const QuernTensor& layout);

}  // namespace quern::test
