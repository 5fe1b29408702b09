#include "quern/ptq/batch_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "quern/base/error.h"

namespace quern {
namespace {

/// Where temporary files belong.
std::filesystem::path temporary_folder() {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error) {
    fail(ErrorCode::kIo, "activations need a temporary file: {} (TMPDIR names its folder)",
         error.message());
  }
  return folder;
}

/// A file that vanishes with its last descriptor, however the process ends.
int open_nameless() {
  std::string path = (temporary_folder() / "quern-XXXXXX").string();
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) fail(ErrorCode::kIo, "cannot create {}: {}", path, std::strerror(errno));
  unlink(path.c_str());
  return file;
}

/// Parts of the block start where any number may lie.
constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

BatchStore::BatchStore(std::size_t memory)
    : memory_(memory / kAlignment * kAlignment), gaps_(memory_) {
  if (memory_ == 0) return;
  // Pages count once they are written to.
  void* block = mmap(nullptr, memory_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) {
    fail(ErrorCode::kIo, "cannot hold {} bytes of activations in memory: {}", memory_,
         std::strerror(errno));
  }
  block_ = static_cast<std::byte*>(block);
}

BatchStore::~BatchStore() {
  if (block_ != nullptr) munmap(block_, memory_);
  if (file_ >= 0) close(file_);
}

BatchStore::Place BatchStore::put(std::span<const std::byte> bytes) {
  Place place{.size = bytes.size()};
  {
    const std::lock_guard lock(mutex_);
    const std::optional<std::size_t> offset = gaps_.take(aligned(bytes.size()));
    place.in_file = !offset;
    place.offset = offset ? *offset : extend_file(bytes.size());
  }
  if (place.in_file) {
    write(place, bytes);
  } else if (!bytes.empty()) {
    std::memcpy(block_ + place.offset, bytes.data(), bytes.size());
  }
  return place;
}

std::size_t BatchStore::extend_file(std::size_t size) {
  if (file_ < 0) file_ = open_nameless();
  const std::size_t offset = end_;
  end_ += size;
  return offset;
}

void BatchStore::write(const Place& place, std::span<const std::byte> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = pwrite(file_, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(place.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail(ErrorCode::kIo, "cannot write activations to a temporary file in {}: {}",
           temporary_folder().string(), std::strerror(errno));
    }
    done += static_cast<std::size_t>(count);
  }
}

std::span<const std::byte> BatchStore::read(const Place& place,
                                            std::vector<std::byte>& buffer) const {
  if (!place.in_file) return {block_ + place.offset, place.size};
  buffer.resize(place.size);
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = pread(file_, buffer.data() + done, buffer.size() - done,
                                static_cast<off_t>(place.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail(ErrorCode::kIo, "cannot read activations from a temporary file: {}",
           std::strerror(errno));
    }
    done += static_cast<std::size_t>(count);
  }
  return buffer;
}

void BatchStore::drop(const Place& place) {
  const std::lock_guard lock(mutex_);
  if (!place.in_file) return gaps_.give_back(place.offset, aligned(place.size));
  // The file keeps its length and gives its blocks back, where the file system can.
  static_cast<void>(fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(place.offset), static_cast<off_t>(place.size)));
}

std::size_t BatchStore::room() const {
  const std::lock_guard lock(mutex_);
  return gaps_.room();
}

}  // namespace quern
