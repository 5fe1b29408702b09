#include "quern/data/internal/cache_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "quern/base/error.h"
#include "quern/data/internal/mapped_file.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".quern-cache";
constexpr std::string_view kPartial = ".quern-cache.partial-";

/// A locked file under a temporary name, gone unless it gets its own.
class PartialFile {
 public:
  explicit PartialFile(const fs::path& target) : target_(target) {
    name_ = (target.parent_path() / target.stem()).string() + std::string(kPartial) + "XXXXXX";
    descriptor_ = ::mkstemp(name_.data());
    if (descriptor_ < 0) fail_with(errno);
    ::flock(descriptor_, LOCK_EX | LOCK_NB);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile() {
    ::close(descriptor_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  /// Takes the disk's blocks: writing through a mapping has no other way to learn that it is full.
  MappedFile map(std::size_t size) const {
    if (const int error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size))) {
      fail_with(error);
    }
    return MappedFile::of_descriptor(descriptor_, size, name_);
  }

  void commit() {
    if (::fsync(descriptor_) != 0 || ::rename(name_.c_str(), target_.c_str()) != 0) {
      fail_with(errno);
    }
    name_.clear();
  }

 private:
  [[noreturn]] void fail_with(int error) const {
    fail(ErrorCode::kIo, "cannot write {}: {}", target_.string(), std::strerror(error));
  }

  fs::path target_;
  std::string name_;
  int descriptor_ = -1;
};

/// Whether nobody is writing the partial file any more.
bool is_abandoned(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_free = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return is_free;
}

struct File {
  fs::path path;
  std::uint64_t size;
  fs::file_time_type used;
};

/// The complete files, the one that was not used for longest first.
std::vector<File> by_age(const fs::path& folder) {
  std::vector<File> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename().string();
    const bool is_partial = name.find(kPartial) != std::string::npos;
    if (is_partial && is_abandoned(entry.path())) fs::remove(entry.path());
    if (!name.ends_with(kSuffix)) continue;
    files.push_back({entry.path(), entry.file_size(), entry.last_write_time()});
  }
  std::ranges::sort(files, {}, &File::used);
  return files;
}

}  // namespace

CacheFolder::CacheFolder(fs::path folder, std::uint64_t most)
    : folder_(std::move(folder)), most_(most) {}

fs::path CacheFolder::of_user() {
  const auto named = [](const char* variable) {
    const char* const value = std::getenv(variable);
    return fs::path(value != nullptr ? value : "");
  };
  if (const fs::path cache = named("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "quern";
  if (const fs::path home = named("HOME"); home.is_absolute()) return home / ".cache/quern";
  fail(ErrorCode::kIo, "neither XDG_CACHE_HOME nor HOME names a folder to keep a cache in");
}

fs::path CacheFolder::path(const std::string& name) const {
  return folder_ / (name + std::string(kSuffix));
}

void CacheFolder::touch(const std::string& name) const {
  std::error_code ignored;  // A file of another user can be read and not be touched.
  fs::last_write_time(path(name), fs::file_time_type::clock::now(), ignored);
}

void CacheFolder::make_room(std::uint64_t size) const {
  std::vector<File> files = by_age(folder_);
  std::uint64_t total = size;
  for (const File& file : files) total += file.size;
  for (const File& file : files) {
    if (total <= most_) return;
    fs::remove(file.path);
    total -= file.size;
  }
}

void CacheFolder::write(const std::string& name, std::size_t size,
                        const std::function<void(std::span<std::byte>)>& fill) const {
  if (size > most_) {
    fail(ErrorCode::kIo, "cannot write {}: it needs {} bytes, the cache may take {}",
         path(name).string(), size, most_);
  }
  try {
    fs::create_directories(folder_);
    make_room(size);
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::kIo, "cannot write {}: {}", path(name).string(), error.code().message());
  }
  PartialFile partial(path(name));
  {
    MappedFile file = partial.map(size);
    fill(file.mutable_bytes());
  }
  partial.commit();
}

}  // namespace quern
