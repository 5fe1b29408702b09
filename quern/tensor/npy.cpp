#include "quern/tensor/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>

#include "quern/base/error.h"
#include "quern/tensor/float16.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy files are written in place");

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kHeaderStart = 10;  // magic, version, and a 16-bit header length
// numpy's type codes, in the order of DType's enumerators.
constexpr std::array<std::string_view, 11> kDescriptions = {
    "<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1"};

/// What follows `key` in a .npy header, up to `end`.
std::string_view field(std::string_view header, std::string_view key, char open, char close) {
  const std::size_t at = header.find(key);
  const std::size_t start = at == std::string_view::npos ? at : header.find(open, at + key.size());
  if (start == std::string_view::npos) fail(ErrorCode::kParse, "its header has no {}", key);
  const std::size_t stop = header.find(close, start + 1);
  if (stop == std::string_view::npos) fail(ErrorCode::kParse, "its {} does not end", key);
  return header.substr(start + 1, stop - start - 1);
}

DType dtype_from(std::string_view description) {
  for (std::size_t i = 0; i < kDescriptions.size(); ++i) {
    if (kDescriptions[i] == description) return static_cast<DType>(i);
  }
  if (description.starts_with('>')) {
    fail(ErrorCode::kUnsupported, "its type '{}' is big-endian; save it as little-endian ('<{}')",
         description, description.substr(1));
  }
  fail(ErrorCode::kUnsupported,
       "its type '{}' is not read (supported: float16 to float64, bool and integers of 8 to 64 "
       "bits)",
       description);
}

Shape shape_from(std::string_view text) {
  Shape shape;
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  while (position != end) {
    if (*position == ' ' || *position == ',') {
      ++position;
      continue;
    }
    std::int64_t extent = 0;
    const auto [next, error] = std::from_chars(position, end, extent);
    if (error != std::errc{}) fail(ErrorCode::kParse, "its shape ({}) is not one", text);
    shape.push_back(extent);
    position = next;
  }
  return shape;
}

/// Whether the elements stand in Fortran order.
bool is_fortran_order(std::string_view header) {
  if (header.find("'fortran_order': True") != std::string_view::npos) return true;
  if (header.find("'fortran_order': False") != std::string_view::npos) return false;
  fail(ErrorCode::kParse, "its header does not say its order");
}

}  // namespace

std::vector<std::byte> to_npy(const Tensor& tensor) {
  std::string shape;
  for (const std::int64_t extent : tensor.shape()) shape += fmt::format("{}, ", extent);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                  kDescriptions.at(static_cast<std::size_t>(tensor.dtype())), shape);
  // The format asks for data aligned to 64 bytes, and a header that ends in a line feed.
  const std::size_t unpadded = kHeaderStart + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');
  header += '\n';

  std::vector<std::byte> bytes(kHeaderStart + header.size() + tensor.bytes().size());
  const auto length = static_cast<std::uint16_t>(header.size());
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + kMagic.size(), &length, sizeof length);
  std::memcpy(bytes.data() + kHeaderStart, header.data(), header.size());
  std::ranges::copy(tensor.bytes(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(kHeaderStart + header.size()));
  return bytes;
}

NpyHeader parse_npy_header(std::span<const std::byte> start, std::uint64_t size) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  if (text.size() < kHeaderStart || text.substr(0, kMagic.size()) != kMagic) {
    fail(ErrorCode::kParse, "it is not an array of .npy version 1.0");
  }
  std::uint16_t length = 0;
  std::memcpy(&length, text.data() + kMagic.size(), sizeof length);
  NpyHeader header{.size = kHeaderStart + length};
  if (header.size > text.size()) fail(ErrorCode::kParse, "its header is cut off");
  const std::string_view fields = text.substr(kHeaderStart, length);
  const std::string_view description = field(fields, "'descr':", '\'', '\'');
  header.shape = shape_from(field(fields, "'shape':", '(', ')'));
  header.is_reversed = is_fortran_order(fields);
  header.is_half = description == "<f2";
  header.dtype = header.is_half ? DType::kFloat32 : dtype_from(description);
  const std::size_t width = header.is_half ? sizeof(std::uint16_t) : size_of(header.dtype);
  const std::uint64_t held = size - header.size;
  const auto count = static_cast<std::uint64_t>(element_count(header.shape));
  if (count != held / width || held % width != 0) {
    fail(ErrorCode::kParse, "it holds {} bytes for the shape {}", held, to_string(header.shape));
  }
  return header;
}

Tensor read_npy_elements(const NpyHeader& header,
                         const std::function<void(std::span<std::byte>)>& fill) {
  Shape shape = header.shape;
  if (header.is_reversed) std::ranges::reverse(shape);
  Tensor tensor(header.dtype, shape);
  if (header.is_half) {
    std::vector<std::uint16_t> stored(static_cast<std::size_t>(tensor.size()));
    fill(std::as_writable_bytes(std::span(stored)));
    std::ranges::transform(stored, tensor.mutable_data<float>().begin(), widen_float16);
  } else {
    fill(tensor.mutable_bytes());
  }
  if (header.dtype == DType::kBool) {
    for (std::byte& byte : tensor.mutable_bytes()) byte = std::byte{byte != std::byte{0}};
  }
  if (!header.is_reversed) return tensor;
  std::vector<std::size_t> order(shape.size());
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  return transposed(tensor, order);
}

Tensor from_npy(std::span<const std::byte> bytes) {
  const NpyHeader header = parse_npy_header(bytes, bytes.size());
  return read_npy_elements(header, [&](std::span<std::byte> elements) {
    std::ranges::copy(bytes.subspan(header.size), elements.begin());
  });
}

}  // namespace quern
