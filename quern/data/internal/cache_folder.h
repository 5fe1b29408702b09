#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace quern {

/// A folder of large files `NAME.quern-cache` that can all be made again. What has another suffix
/// is not looked at, so a folder of the user's own is safe.
///
/// A file under construction has a temporary name and is locked, so that what a killed process
/// leaves behind can be told from what another one is writing.
class CacheFolder {
 public:
  /// @param most  Bytes that all files may take.
  CacheFolder(std::filesystem::path folder, std::uint64_t most);

  /// The cache folder of the user: quern/ in $XDG_CACHE_HOME or in ~/.cache.
  /// @throws Error(kIo) if the environment names neither.
  static std::filesystem::path of_user();

  std::filesystem::path path(const std::string& name) const;

  /// Tells the cache that the file is in use, so that it is removed late.
  void touch(const std::string& name) const;

  /// Makes a file of `size` bytes: `fill` writes them, then the file takes its name. Others that
  /// were not used for longest make room for it.
  /// @throws Error(kIo) if it can not be written or would be larger than all files may be; what
  ///         `fill` throws. Nothing is left behind then.
  void write(const std::string& name, std::size_t size,
             const std::function<void(std::span<std::byte>)>& fill) const;

 private:
  void make_room(std::uint64_t size) const;

  std::filesystem::path folder_;
  std::uint64_t most_;
};

}  // namespace quern
