#include "quern/tensor/safetensors.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/tensor/float16.h"

namespace quern {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;

struct Encoding {
  std::string_view name;
  DType dtype;
  std::uint64_t stored_size;                ///< Bytes of one element.
  float (*widen)(std::uint16_t) = nullptr;  ///< Only of the 16-bit floats.
};

constexpr std::array<Encoding, 13> kEncodings = {{{"F64", DType::kFloat64, 8},
                                                  {"F32", DType::kFloat32, 4},
                                                  {"F16", DType::kFloat32, 2, widen_float16},
                                                  {"BF16", DType::kFloat32, 2, widen_bfloat16},
                                                  {"I8", DType::kInt8, 1},
                                                  {"U8", DType::kUint8, 1},
                                                  {"I16", DType::kInt16, 2},
                                                  {"U16", DType::kUint16, 2},
                                                  {"I32", DType::kInt32, 4},
                                                  {"U32", DType::kUint32, 4},
                                                  {"I64", DType::kInt64, 8},
                                                  {"U64", DType::kUint64, 8},
                                                  {"BOOL", DType::kBool, 1}}};

/// A tensor as the header describes it.
struct Entry {
  std::string name;
  Encoding encoding;
  Shape shape;
  std::uint64_t begin = 0;  ///< Bytes from the end of the header.
  std::uint64_t end = 0;
};

/// The JSON header. JSON itself would keep the last of two equal names.
Json parse_header(std::string_view text) {
  constexpr int kDeepest = 4;  // header, tensor, list, number
  std::set<std::string> names;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest) fail(ErrorCode::kParse, "its header is nested deeper than the format is");
    if (depth == 1 && event == Json::parse_event_t::key) {
      const auto name = value.get<std::string>();
      if (!names.insert(name).second) {
        fail(ErrorCode::kParse, "tensor '{}' stands in its header twice", name);
      }
    }
    return true;
  };
  try {
    Json header = Json::parse(text, check);
    if (!header.is_object()) fail(ErrorCode::kParse, "its header is not a JSON object");
    return header;
  } catch (const Json::exception&) {
    fail(ErrorCode::kParse, "its header is not JSON");
  }
}

/// A field of the header that is a list of whole numbers from 0.
std::vector<std::uint64_t> numbers(const Json& tensor, const char* key) {
  const auto field = tensor.find(key);
  if (field == tensor.end() || !field->is_array()) {
    fail(ErrorCode::kParse, "it has no list '{}'", key);
  }
  std::vector<std::uint64_t> values;
  for (const Json& value : *field) {
    if (!value.is_number_unsigned()) {
      fail(ErrorCode::kParse, "its '{}' holds something else than whole numbers from 0", key);
    }
    values.push_back(value.get<std::uint64_t>());
  }
  return values;
}

Encoding encoding(const Json& tensor) {
  const auto dtype = tensor.find("dtype");
  if (dtype == tensor.end() || !dtype->is_string()) fail(ErrorCode::kParse, "it has no 'dtype'");
  const auto name = dtype->get<std::string>();
  const auto found = std::ranges::find(kEncodings, name, &Encoding::name);
  if (found == kEncodings.end()) {
    fail(ErrorCode::kUnsupported,
         "its type '{}' is not read (supported: F64, F32, F16, BF16, BOOL and integers of 8 to 64 "
         "bits)",
         name);
  }
  return *found;
}

Entry parse_entry(const std::string& name, const Json& tensor) {
  if (!tensor.is_object()) fail(ErrorCode::kParse, "it is not described by an object");
  Entry entry{.name = name, .encoding = encoding(tensor)};
  for (const std::uint64_t extent : numbers(tensor, "shape")) {
    if (extent > static_cast<std::uint64_t>(INT64_MAX)) {
      fail(ErrorCode::kParse, "an extent of its shape is {}", extent);
    }
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const std::vector<std::uint64_t> offsets = numbers(tensor, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail(ErrorCode::kParse, "its 'data_offsets' are not a begin and an end");
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  const auto count = static_cast<std::uint64_t>(element_count(entry.shape));
  const std::uint64_t held = entry.end - entry.begin;
  if (held % entry.encoding.stored_size != 0 || held / entry.encoding.stored_size != count) {
    fail(ErrorCode::kParse, "it holds {} bytes for {} {}", held, entry.encoding.name,
         to_string(entry.shape));
  }
  return entry;
}

Tensor read_tensor(const Entry& entry, std::span<const std::byte> data) {
  Tensor tensor(entry.encoding.dtype, entry.shape);
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  if (entry.encoding.widen != nullptr) {
    std::vector<std::uint16_t> stored(data.size() / 2);
    if (!data.empty()) std::memcpy(stored.data(), data.data(), data.size());
    std::ranges::transform(stored, tensor.mutable_data<float>().begin(), entry.encoding.widen);
  } else {
    std::ranges::copy(data, bytes.begin());
  }
  if (tensor.dtype() == DType::kBool) {
    for (std::byte& byte : bytes) byte = std::byte{byte != std::byte{0}};
  }
  return tensor;
}

/// The header's entries in the order of their bytes, which they fill.
std::vector<Entry> parse_entries(std::string_view header, std::uint64_t data_size) {
  std::vector<Entry> entries;
  const Json json = parse_header(header);
  for (const auto& item : json.items()) {
    if (item.key() == "__metadata__") continue;
    with_context(fmt::format("tensor '{}'", item.key()),
                 [&] { entries.push_back(parse_entry(item.key(), item.value())); });
  }
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::pair(entry.begin, entry.end); });
  std::uint64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != position || entry.end > data_size) {
      fail(ErrorCode::kParse,
           "tensor '{}' has the bytes {} to {}, expected them to start at {} and to end by {}",
           entry.name, entry.begin, entry.end, position, data_size);
    }
    position = entry.end;
  }
  if (position != data_size) {
    fail(ErrorCode::kParse, "its tensors have {} bytes, but {} follow the header", position,
         data_size);
  }
  return entries;
}

}  // namespace

std::map<std::string, Tensor> read_safetensors(std::span<const std::byte> bytes,
                                               const std::string& name) {
  return with_context(name, [&] {
    std::uint64_t length = 0;
    if (bytes.size() < kLengthBytes) {
      fail(ErrorCode::kParse, "it has {} bytes, too few for a safetensors file", bytes.size());
    }
    for (std::size_t i = kLengthBytes; i-- > 0;) {
      length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    }
    const std::span<const std::byte> rest = bytes.subspan(kLengthBytes);
    if (length > rest.size()) {
      fail(ErrorCode::kParse, "it is no safetensors file: its header would have {} bytes of {}",
           length, rest.size());
    }
    const std::string_view header(reinterpret_cast<const char*>(rest.data()), length);
    const std::span<const std::byte> data = rest.subspan(length);
    std::map<std::string, Tensor> tensors;
    for (const Entry& entry : parse_entries(header, data.size())) {
      tensors.emplace(entry.name,
                      read_tensor(entry, data.subspan(entry.begin, entry.end - entry.begin)));
    }
    return tensors;
  });
}

std::map<std::string, Tensor> read_safetensors(const std::filesystem::path& path) {
  return read_safetensors(read_file(path), path.string());
}

}  // namespace quern
