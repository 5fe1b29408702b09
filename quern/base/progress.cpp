#include "quern/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>

namespace quern {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRedrawInterval{100};

/// True while a bar stands on the current line of stderr.
std::atomic<bool>& bar_on_line() {
  static std::atomic<bool> on_line = false;
  return on_line;
}

}  // namespace

std::string progress_line(const std::string& title, std::size_t done, std::size_t total,
                          double seconds) {
  constexpr std::size_t kWidth = 24;
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const auto filled = std::min(kWidth, static_cast<std::size_t>(share * kWidth));
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
  const double left = rate > 0 ? static_cast<double>(total - std::min(done, total)) / rate : 0.0;
  return fmt::format("{} [{}{}] {:3.0f} %  {}/{}  {:.0f}/s  {:.0f} s left", title,
                     std::string(filled, '#'), std::string(kWidth - filled, ' '), 100 * share, done,
                     total, rate, left);
}

void clear_progress_line() {
  if (bar_on_line().exchange(false)) std::fputs("\r\033[K", stderr);
}

Progress::Progress(std::string title, std::size_t total)
    : title_(std::move(title)),
      total_(total),
      visible_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()) {}

Progress::~Progress() {
  if (visible_) clear_progress_line();
}

void Progress::advance(std::size_t steps) {
  const std::lock_guard lock(mutex_);
  done_ += steps;
  if (visible_ && Clock::now() - drawn_ >= kRedrawInterval) draw();
}

void Progress::set_note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = "  " + std::move(text);
}

void Progress::draw() {
  drawn_ = Clock::now();
  const double seconds = std::chrono::duration<double>(drawn_ - start_).count();
  fmt::print(stderr, "\r{}{}\033[K", progress_line(title_, done_, total_, seconds), note_);
  bar_on_line() = true;
}

}  // namespace quern
