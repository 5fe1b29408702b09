#include "quern/tensor/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"

namespace quern {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy files are written in place");

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kHeaderStart = 10;  // magic, version, and a 16-bit header length
constexpr zip_uint64_t kMostBytes = zip_uint64_t{1} << 34;

// numpy's type codes, in the order of DType's enumerators.
constexpr std::array<std::string_view, 11> kDescriptions = {
    "<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1"};

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
  fail(ErrorCode::kUnsupported, "its type '{}' is not read (numbers of up to 8 bytes are)",
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

Tensor from_npy(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() < kHeaderStart || text.substr(0, kMagic.size()) != kMagic) {
    fail(ErrorCode::kParse, "it is not an array of .npy version 1.0");
  }
  std::uint16_t length = 0;
  std::memcpy(&length, text.data() + kMagic.size(), sizeof length);
  if (kHeaderStart + length > text.size()) fail(ErrorCode::kParse, "its header is cut off");
  const std::string_view header = text.substr(kHeaderStart, length);
  if (header.find("'fortran_order': False") == std::string_view::npos) {
    fail(ErrorCode::kUnsupported, "it is in Fortran order (C order is read)");
  }
  const DType dtype = dtype_from(field(header, "'descr':", '\'', '\''));
  const Shape shape = shape_from(field(header, "'shape':", '(', ')'));
  const std::span<const std::byte> data = bytes.subspan(kHeaderStart + length);
  const std::int64_t count = element_count(shape);
  const auto held = static_cast<std::int64_t>(data.size() / size_of(dtype));
  if (count != held || data.size() % size_of(dtype) != 0) {
    fail(ErrorCode::kParse, "it holds {} bytes for the shape {}", data.size(), to_string(shape));
  }
  Tensor tensor(dtype, shape);
  std::ranges::copy(data, tensor.mutable_bytes().begin());
  return tensor;
}

using Source = std::unique_ptr<zip_source_t, decltype(&zip_source_free)>;
using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;

/// An archive in memory; `source` stays the caller's and outlives it.
Archive open(zip_source_t* source, int flags) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(source);
  Archive archive(zip_open_from_source(source, flags, &error), &zip_discard);
  if (!archive) {
    zip_source_free(source);
    const std::string cause = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail(ErrorCode::kParse, "it is not a zip archive ({})", cause);
  }
  zip_error_fini(&error);
  return archive;
}

void add(zip_t* archive, const std::string& name, const std::vector<std::byte>& content) {
  zip_source_t* entry = zip_source_buffer(archive, content.data(), content.size(), 0);
  const zip_int64_t index = zip_file_add(archive, (name + ".npy").c_str(), entry, ZIP_FL_ENC_UTF_8);
  ensure(index >= 0, "cannot add '{}' to an archive: {}", name, zip_strerror(archive));
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  // A fixed time stamp: equal arrays give equal bytes.
  zip_file_set_dostime(archive, static_cast<zip_uint64_t>(index), 0, 0x21, 0);
}

std::vector<std::byte> read_entry(zip_t* archive, zip_uint64_t index, const zip_stat_t& stat) {
  if (stat.size > kMostBytes) fail(ErrorCode::kParse, "it claims {} bytes", stat.size);
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0),
                                                                &zip_fclose);
  if (!file) fail(ErrorCode::kParse, "it can not be unpacked");
  std::vector<std::byte> content;
  std::array<std::byte, 65536> block;
  // By blocks: the size an archive claims is not to be trusted with an allocation.
  for (;;) {
    const zip_int64_t count = zip_fread(file.get(), block.data(), block.size());
    if (count < 0) fail(ErrorCode::kParse, "it can not be unpacked");
    if (count == 0) return content;
    content.insert(content.end(), block.begin(), block.begin() + count);
    if (content.size() > stat.size) fail(ErrorCode::kParse, "it is longer than it claims");
  }
}

}  // namespace

void write_npz(const std::filesystem::path& path, const std::map<std::string, Tensor>& arrays) {
  const Source source(zip_source_buffer_create(nullptr, 0, 0, nullptr), &zip_source_free);
  std::vector<std::vector<std::byte>> contents;  // libzip reads them when the archive is closed
  contents.reserve(arrays.size());
  Archive archive = open(source.get(), ZIP_TRUNCATE);
  for (const auto& [name, tensor] : arrays) {
    contents.push_back(to_npy(tensor));
    add(archive.get(), name, contents.back());
  }
  ensure(zip_close(archive.get()) == 0, "cannot build {}: {}", path.string(),
         zip_strerror(archive.get()));
  archive.release();

  zip_stat_t stat;
  ensure(zip_source_stat(source.get(), &stat) == 0, "cannot build {}", path.string());
  std::vector<std::byte> bytes(arrays.empty() ? 0 : stat.size);
  if (!bytes.empty()) {
    zip_source_open(source.get());
    zip_source_read(source.get(), bytes.data(), bytes.size());
    zip_source_close(source.get());
  }
  write_file(path, bytes);
}

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return with_context(path.string(), [&] {
    const Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr),
                        &zip_source_free);
    const Archive archive = open(source.get(), ZIP_RDONLY | ZIP_CHECKCONS);
    std::map<std::string, Tensor> arrays;
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
    for (zip_uint64_t i = 0; i < count; ++i) {
      zip_stat_t stat;
      if (zip_stat_index(archive.get(), i, 0, &stat) != 0) continue;
      std::string name = stat.name;
      with_context(fmt::format("array '{}'", name), [&] {
        const std::vector<std::byte> content = read_entry(archive.get(), i, stat);
        if (name.ends_with(".npy")) name.resize(name.size() - 4);
        arrays.insert_or_assign(name, from_npy(content));
      });
    }
    return arrays;
  });
}

}  // namespace quern
