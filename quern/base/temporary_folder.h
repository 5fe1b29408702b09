#pragma once

#include <filesystem>
#include <string>

namespace quern {

/// A folder below the system's for temporary files, gone with all that is in it at the end.
class TemporaryFolder {
 public:
  /// @throws Error(kIo) naming the folder that can not be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace quern
