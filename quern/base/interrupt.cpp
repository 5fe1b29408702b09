#include "quern/base/interrupt.h"

#include <atomic>
#include <csignal>

namespace quern {
namespace {

std::atomic<bool> requested_by_signal = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait");

void note_request(int signal) {
  requested_by_signal = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  requested_by_signal = false;
  interrupt_ = std::signal(SIGINT, note_request);
  terminate_ = std::signal(SIGTERM, note_request);
}

InterruptWatch::~InterruptWatch() {
  std::signal(SIGINT, interrupt_);
  std::signal(SIGTERM, terminate_);
}

bool InterruptWatch::requested() const { return requested_by_signal; }

}  // namespace quern
