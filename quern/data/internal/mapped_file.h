#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace quern {

/// The bytes of a file in memory, without reading what nobody looks at.
class MappedFile {
 public:
  /// Maps an existing file for reading. @throws Error(kIo) if it can not be.
  static MappedFile open(const std::filesystem::path& path);

  /// Maps `size` bytes of an open file for writing; the file has them. The caller keeps
  /// `descriptor`. @throws Error(kIo) if it can not be.
  static MappedFile of_descriptor(int descriptor, std::size_t size,
                                  const std::filesystem::path& name);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Only of a file that is mapped for writing.
  std::span<std::byte> mutable_bytes() { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace quern
