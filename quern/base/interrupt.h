#pragma once

#include <string>

#include "quern/base/error.h"

namespace quern {

/// Long work that was asked to stop has stopped, and `what()` says how it goes on. What was done is
/// kept.
class Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message) : Error(ErrorCode::kInvalidArgument, message) {}
};

/// While it lives, Ctrl-C (SIGINT) and a request to end (SIGTERM) do not end the process at once:
/// long work asks `requested` where it can stop. A second one ends it. One at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  bool requested() const;

 private:
  using Handler = void (*)(int);
  Handler interrupt_;  ///< What stood before.
  Handler terminate_;
};

}  // namespace quern
