#include "quern/tensor/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/tensor/npy.h"

namespace quern {
namespace {

// No block of deflate's says more than 258 bytes with 2 bits.
constexpr zip_uint64_t kMostDeflated = 1032;

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
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    fail(ErrorCode::kUnsupported, "it is packed by method {} (numpy stores or deflates)",
         stat.comp_method);
  }
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

std::map<std::string, Tensor> read_entries(zip_t* archive, std::size_t archive_size) {
  std::map<std::string, Tensor> arrays;
  // Entries that share their bytes could claim more than an archive can hold.
  zip_uint64_t budget = kMostDeflated * archive_size;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(archive, i, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      fail(ErrorCode::kParse, "its entry {} can not be read", i);
    }
    std::string name = stat.name;
    with_context(fmt::format("array '{}'", name), [&] {
      if (stat.size > budget) {
        fail(ErrorCode::kParse, "it claims {} bytes, more than can be packed into the file",
             stat.size);
      }
      budget -= stat.size;
      const std::vector<std::byte> content = read_entry(archive, i, stat);
      if (name.ends_with(".npy")) name.resize(name.size() - 4);
      if (!arrays.emplace(name, from_npy(content)).second) {
        fail(ErrorCode::kParse, "the file holds two arrays of this name");
      }
    });
  }
  return arrays;
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

std::map<std::string, Tensor> read_npz(std::span<const std::byte> bytes, const std::string& name) {
  return with_context(name, [&] {
    const Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr),
                        &zip_source_free);
    const Archive archive = open(source.get(), ZIP_RDONLY | ZIP_CHECKCONS);
    return read_entries(archive.get(), bytes.size());
  });
}

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path) {
  return read_npz(read_file(path), path.string());
}

}  // namespace quern
