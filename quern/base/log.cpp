#include "quern/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/base/readable.h"

namespace quern {
namespace {

/// stderr for the person, and the run's file while there is one.
struct Log {
  std::shared_ptr<spdlog::logger> terminal;
  std::shared_ptr<spdlog::logger> file;

  Log()
      : terminal(std::make_shared<spdlog::logger>(
            "terminal", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    terminal->set_pattern("quern: %v");
  }
};

Log& instance() {
  static Log log;
  return log;
}

}  // namespace

void log_message(LogLevel level, const std::string& text) {
  const std::string message = readable(text);
  Log& log = instance();
  const bool warning = level == LogLevel::kWarning;
  const auto severity = warning ? spdlog::level::warn : spdlog::level::info;
  clear_progress_line();
  log.terminal->log(severity, "{}{}", warning ? "warning: " : "", message);
  if (log.file) log.file->log(severity, "{}", message);
}

void log_to_file(const std::filesystem::path& path) {
  Log& log = instance();
  log.file.reset();
  if (path.empty()) return;
  try {
    log.file = std::make_shared<spdlog::logger>(
        "file", std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string()));
    log.file->flush_on(spdlog::level::info);
  } catch (const spdlog::spdlog_ex& error) {
    fail(ErrorCode::kIo, "cannot write {}: {}", path.string(), error.what());
  }
}

void set_quiet(bool quiet) {
  instance().terminal->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
}

}  // namespace quern
