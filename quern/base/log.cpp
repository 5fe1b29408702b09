#include "quern/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/base/readable.h"

namespace quern {
namespace {

constexpr std::size_t kKeptMessages = 1000;

/// stderr for the person, and the run's file; memory until there is one.
struct Log {
  std::shared_ptr<spdlog::logger> terminal;
  std::shared_ptr<spdlog::logger> file;  // None where messages are kept in memory.
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> memory;
  std::shared_ptr<spdlog::logger> into_memory;

  Log()
      : terminal(std::make_shared<spdlog::logger>(
            "terminal", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    terminal->set_pattern("quern: %v");
    start_memory();
  }

  void start_memory() {
    memory = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kKeptMessages);
    into_memory = std::make_shared<spdlog::logger>("memory", memory);
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
  (log.file ? log.file : log.into_memory)->log(severity, "{}", message);
}

void log_to_file(const std::filesystem::path& path) {
  Log& log = instance();
  if (log.file) log.start_memory();
  log.file.reset();
  if (path.empty()) return;
  try {
    const auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sink->set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%l] %v");
    for (const auto& message : log.memory->last_raw()) sink->log(message);
    log.file = std::make_shared<spdlog::logger>("file", sink);
    log.file->flush_on(spdlog::level::info);
    log.file->flush();
  } catch (const spdlog::spdlog_ex& error) {
    fail(ErrorCode::kIo, "cannot write {}: {}", path.string(), error.what());
  }
}

void set_quiet(bool quiet) {
  instance().terminal->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
}

}  // namespace quern
