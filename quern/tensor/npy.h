#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// A tensor as numpy's .npy version 1.0: a header that says type, order and shape, aligned to 64
/// bytes, then the elements, little endian in C order.
std::vector<std::byte> to_npy(const Tensor& tensor);

/// What such bytes say before their elements.
struct NpyHeader {
  DType dtype = DType::kFloat32;  ///< Of the tensor: float16 widens to float32.
  Shape shape;
  bool is_half = false;      ///< The elements are float16.
  bool is_reversed = false;  ///< The elements stand in Fortran order.
  std::size_t size = 0;      ///< Bytes in front of the elements.
};

/// Longest header, with what stands in front of it.
constexpr std::size_t kLongestNpyHeader = 10 + 65535;

/// Reads the header at the start of `size` bytes, of which `start` has at least the header. The
/// elements that it announces fill the rest.
/// @throws Error(kParse | kUnsupported) saying what is wrong with "it".
NpyHeader parse_npy_header(std::span<const std::byte> start, std::uint64_t size);

/// The tensor behind a header; `fill` writes the elements as they are stored.
Tensor read_npy_elements(const NpyHeader& header,
                         const std::function<void(std::span<std::byte>)>& fill);

/// Reads such bytes, in C or Fortran order; float16 widens to float32. Nothing is allocated before
/// the shape agrees with the bytes present.
/// @throws Error(kParse | kUnsupported) saying what is wrong with "it".
Tensor from_npy(std::span<const std::byte> bytes);

}  // namespace quern
