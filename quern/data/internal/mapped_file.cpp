#include "quern/data/internal/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "quern/base/error.h"

namespace quern {
namespace {

/// @return null for an empty file, which can not be mapped.
std::byte* map(int descriptor, std::size_t size, int protection,
               const std::filesystem::path& name) {
  if (size == 0) return nullptr;
  void* const data = ::mmap(nullptr, size, protection, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) {
    fail(ErrorCode::kIo, "cannot map {}: {}", name.string(), std::strerror(errno));
  }
  return static_cast<std::byte*>(data);
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    fail(ErrorCode::kIo, "cannot read {}: {}", path.string(), std::strerror(errno));
  }
  MappedFile file;
  try {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
      fail(ErrorCode::kIo, "cannot read {}: {}", path.string(), std::strerror(errno));
    }
    file.data_ = map(descriptor, static_cast<std::size_t>(status.st_size), PROT_READ, path);
    file.size_ = static_cast<std::size_t>(status.st_size);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);  // The mapping keeps the file.
  return file;
}

MappedFile MappedFile::of_descriptor(int descriptor, std::size_t size,
                                     const std::filesystem::path& name) {
  MappedFile file;
  file.data_ = map(descriptor, size, PROT_READ | PROT_WRITE, name);
  file.size_ = size;
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace quern
