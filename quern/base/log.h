#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

namespace quern {

/// What happened, for a person: to stderr, and to the run's log file while there is one.
enum class LogLevel : std::uint8_t { kInfo, kWarning };

void log_message(LogLevel level, const std::string& message);

/// Also writes everything to `path` (appended) until called with an empty path: first the last
/// thousand messages since there was a file, with the times at which they were logged. So a run's
/// log begins with its work, although its folder is written when the work is done.
/// @throws Error(kIo) if it can not be opened.
void log_to_file(const std::filesystem::path& path);

/// Keeps kInfo off stderr; warnings and the log file are not affected.
void set_quiet(bool quiet);

template <class... Args>
void log_info(fmt::format_string<Args...> message, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(message, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> message, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(message, std::forward<Args>(args)...));
}

}  // namespace quern
