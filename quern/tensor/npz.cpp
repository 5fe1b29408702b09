#include "quern/tensor/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
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

/// An open archive and what it lies in.
struct OpenArchive {
  std::vector<std::byte> owned;  ///< Empty where the caller holds the bytes.
  Source source;
  Archive archive;
};

using Packed = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Packed unpack(zip_t* archive, zip_uint64_t index) {
  Packed file(zip_fopen_index(archive, index, 0), &zip_fclose);
  if (!file) fail(ErrorCode::kParse, "it can not be unpacked");
  return file;
}

/// Unpacks up to `bytes.size()` bytes. @return how many there are.
std::size_t unpack_into(zip_file_t* file, std::span<std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const zip_int64_t count = zip_fread(file, bytes.data() + done, bytes.size() - done);
    if (count < 0) fail(ErrorCode::kParse, "it can not be unpacked");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

NpyHeader read_header(zip_t* archive, zip_uint64_t index, const zip_stat_t& stat) {
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    fail(ErrorCode::kUnsupported, "it is packed by method {} (numpy stores or deflates)",
         stat.comp_method);
  }
  std::vector<std::byte> start(std::min<zip_uint64_t>(stat.size, kLongestNpyHeader));
  const Packed file = unpack(archive, index);
  start.resize(unpack_into(file.get(), start));
  return parse_npy_header(start, stat.size);
}

Tensor read_array(zip_t* archive, zip_uint64_t index, const NpyHeader& header) {
  const Packed file = unpack(archive, index);
  std::vector<std::byte> start(header.size);
  unpack_into(file.get(), start);
  return read_npy_elements(header, [&](std::span<std::byte> elements) {
    std::byte more;
    // Reading past the end compares the checksum too.
    if (unpack_into(file.get(), elements) != elements.size() ||
        unpack_into(file.get(), {&more, 1}) != 0) {
      fail(ErrorCode::kParse, "it is not as long as it claims");
    }
  });
}

StoredTensors list_entries(const std::shared_ptr<OpenArchive>& open, std::size_t archive_size,
                           const std::string& file) {
  StoredTensors arrays;
  zip_t* const archive = open->archive.get();
  // Entries that share their bytes could claim more than an archive can hold.
  zip_uint64_t budget = kMostDeflated * archive_size;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    constexpr zip_uint64_t kNeeded =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(archive, i, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      fail(ErrorCode::kParse, "its entry {} can not be read", i);
    }
    std::string name = stat.name;
    const std::string what = fmt::format("array '{}'", name);
    with_context(what, [&] {
      const zip_uint64_t packed = std::min<zip_uint64_t>(stat.comp_size, archive_size);
      const bool is_stored = stat.comp_method == ZIP_CM_STORE;
      if (stat.size > std::min(budget, is_stored ? packed : kMostDeflated * packed)) {
        fail(ErrorCode::kParse, "it claims {} bytes, more than can be packed into the file",
             stat.size);
      }
      budget -= stat.size;
      const NpyHeader header = read_header(archive, i, stat);
      const auto read = [open, i, header, what, file] {
        return with_context(file, [&] {
          return with_context(what, [&] { return read_array(open->archive.get(), i, header); });
        });
      };
      if (name.ends_with(".npy")) name.resize(name.size() - 4);
      if (!arrays.emplace(name, StoredTensor{header.dtype, header.shape, read}).second) {
        fail(ErrorCode::kParse, "the file holds two arrays of this name");
      }
    });
  }
  return arrays;
}

/// Lists the arrays of `owned`, or else of `bytes`, which outlive the list.
StoredTensors list_arrays(std::vector<std::byte> owned, std::span<const std::byte> bytes,
                          const std::string& name) {
  return with_context(name, [&] {
    if (!owned.empty()) bytes = owned;
    if (bytes.empty()) fail(ErrorCode::kParse, "it is empty, not a zip archive");
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr),
                  &zip_source_free);
    Archive archive = open(source.get(), ZIP_RDONLY | ZIP_CHECKCONS);
    return list_entries(std::make_shared<OpenArchive>(
                            OpenArchive{std::move(owned), std::move(source), std::move(archive)}),
                        bytes.size(), name);
  });
}

std::map<std::string, Tensor> read_all(const StoredTensors& stored) {
  std::map<std::string, Tensor> arrays;
  for (const auto& [name, array] : stored) arrays.emplace(name, array.read());
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

StoredTensors list_npz(const std::filesystem::path& path) {
  return list_arrays(read_file(path), {}, path.string());
}

std::map<std::string, Tensor> read_npz(std::span<const std::byte> bytes, const std::string& name) {
  return read_all(list_arrays({}, bytes, name));
}

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path) {
  return read_all(list_npz(path));
}

}  // namespace quern
