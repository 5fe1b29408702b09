#include "quern/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>

#include "quern/base/error.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

template <class Container>
Container read(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    fail(ErrorCode::kIo, "cannot read {}: it is a folder, not a file", path.string());
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(ErrorCode::kIo, "cannot read {}: {}", path.string(), std::strerror(errno));
  Container content;
  const auto size = fs::file_size(path, error);
  // A pipe or a file of /proc has no size: read until it ends.
  if (!error && size > 0) {
    content.resize(size);
    file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
    content.resize(static_cast<std::size_t>(file.gcount()));
  } else {
    for (char byte; file.get(byte);) {
      content.push_back(static_cast<typename Container::value_type>(byte));
    }
  }
  if (file.bad()) fail(ErrorCode::kIo, "cannot read {}: {}", path.string(), std::strerror(errno));
  return content;
}

/// Renaming would put a file in the place of a folder, a pipe or a device.
void refuse_what_is_no_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    fail(ErrorCode::kIo, "cannot write {}: it is a folder, not a file", path.string());
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    fail(ErrorCode::kIo, "cannot write {}: it is a pipe or a device, not a file", path.string());
  }
}

/// A file that disappears unless it is renamed into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : target_(target) {
    name_ = target.string() + ".XXXXXX";
    descriptor_ = ::mkstemp(name_.data());
    if (descriptor_ < 0) fail_with_errno();
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  void write(std::span<const std::byte> content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_errno();
      content = content.subspan(static_cast<std::size_t>(written));
    }
  }

  void commit() {
    // mkstemp makes the file private; what the user asked for has the user's usual mode.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(descriptor_, 0666 & ~mask) != 0 || ::fsync(descriptor_) != 0) fail_with_errno();
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0 || ::rename(name_.c_str(), target_.c_str()) != 0) fail_with_errno();
    name_.clear();
  }

 private:
  [[noreturn]] void fail_with_errno() const {
    fail(ErrorCode::kIo, "cannot write {}: {}", target_.string(), std::strerror(errno));
  }

  fs::path target_;
  std::string name_;
  int descriptor_ = -1;
};

}  // namespace

std::vector<std::byte> read_file(const fs::path& path) {
  return read<std::vector<std::byte>>(path);
}

std::string read_text(const fs::path& path) { return read<std::string>(path); }

void write_file(const fs::path& path, std::span<const std::byte> content) {
  refuse_what_is_no_file(path);
  if (path.has_parent_path()) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) fail(ErrorCode::kIo, "cannot write {}: {}", path.string(), error.message());
  }
  TemporaryFile file(path);
  file.write(content);
  file.commit();
}

void write_file(const fs::path& path, std::string_view content) {
  write_file(path, std::as_bytes(std::span(content.data(), content.size())));
}

}  // namespace quern
