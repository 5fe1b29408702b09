#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// The whole file. @throws Error(kIo) naming the path and the cause.
std::vector<std::byte> read_file(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

/// Replaces `path` in one step: the content goes to a temporary file beside it, is flushed to the
/// disk and renamed. Missing folders are made. @throws Error(kIo) naming the path and the cause,
/// also where `path` is a folder, a pipe or a device; the temporary file is gone and an older
/// `path` is untouched.
void write_file(const std::filesystem::path& path, std::span<const std::byte> content);
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace quern
