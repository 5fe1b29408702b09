#include "quern/ptq/batch_store.h"

#include <fcntl.h>
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

}  // namespace

BatchStore::~BatchStore() {
  if (file_ >= 0) close(file_);
}

void BatchStore::put(ValueId value, std::size_t batch, std::vector<std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  Place& place = places_[{value, batch}];
  held_ -= place.bytes.size();
  place = {.size = bytes.size()};
  if (held_ + bytes.size() > memory_) {
    write(place, bytes);
  } else {
    held_ += bytes.size();
    place.bytes = std::move(bytes);
  }
}

void BatchStore::write(Place& place, const std::vector<std::byte>& bytes) {
  if (file_ < 0) file_ = open_nameless();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = pwrite(file_, bytes.data() + done, bytes.size() - done,
                                 end_ + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail(ErrorCode::kIo, "cannot write activations to a temporary file in {}: {}",
           temporary_folder().string(), std::strerror(errno));
    }
    done += static_cast<std::size_t>(count);
  }
  place.offset = end_;
  end_ += static_cast<std::int64_t>(bytes.size());
}

std::vector<std::byte> BatchStore::get(ValueId value, std::size_t batch) const {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find({value, batch});
  ensure(found != places_.end(), "batch {} of value {} is not stored", batch, value.index);
  const Place& place = found->second;
  if (place.offset < 0) return place.bytes;
  std::vector<std::byte> bytes(place.size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = pread(file_, bytes.data() + done, bytes.size() - done,
                                place.offset + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail(ErrorCode::kIo, "cannot read activations from a temporary file: {}",
           std::strerror(errno));
    }
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

void BatchStore::drop(ValueId value) {
  const std::lock_guard lock(mutex_);
  std::erase_if(places_, [&](const auto& entry) {
    if (entry.first.first != value) return false;
    const Place& place = entry.second;
    held_ -= place.bytes.size();
    // The file keeps its length and gives its blocks back, where the file system can.
    if (place.offset >= 0) {
      static_cast<void>(fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place.offset,
                                  static_cast<off_t>(place.size)));
    }
    return true;
  });
}

}  // namespace quern
