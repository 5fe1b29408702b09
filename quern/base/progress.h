#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace quern {

/// A bar on stderr with rate and remaining time, drawn while stderr is a terminal and wiped when
/// done. Elsewhere it prints nothing. Threads may advance it side by side.
class Progress {
 public:
  /// @param title  What is being done: "calibrating".
  /// @param total  Steps until done (unit: whatever is counted).
  Progress(std::string title, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t steps = 1);

  /// Shows `text` behind the remaining time from the next step on: "loss 0.312".
  void set_note(std::string text);

 private:
  void draw();

  const std::string title_;
  const std::size_t total_;
  const bool visible_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::string note_;
  std::chrono::steady_clock::time_point drawn_;
};

/// "calibrating [#####     ]  50 %  125/250  83/s  2 s left": what a bar shows.
std::string progress_line(const std::string& title, std::size_t done, std::size_t total,
                          double seconds);

/// Wipes a bar off the line, so that a message can take its place. The bar draws itself again.
void clear_progress_line();

}  // namespace quern
