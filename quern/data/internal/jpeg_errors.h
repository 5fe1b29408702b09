#pragma once

#include <csetjmp>
// clang-format off
#include <cstdio>  // jpeglib.h uses FILE and does not declare it.
#include <jpeglib.h>
// clang-format on

namespace quern {

/// libjpeg's error handler, which leaves by longjmp: exceptions must not cross its C frames.
class JpegErrors {
 public:
  JpegErrors();
  JpegErrors(const JpegErrors&) = delete;
  JpegErrors& operator=(const JpegErrors&) = delete;

  /// For the `err` field of a libjpeg object.
  jpeg_error_mgr* handler() { return &state_.handler; }

  /// Runs `calls` into libjpeg; false if one failed, with the reason in `message()`. No object with
  /// a destructor may live inside `calls`.
  template <class Calls>
  bool completes(Calls&& calls) {
    if (setjmp(state_.escape) != 0) return false;
    calls();
    return true;
  }
  const char* message() const { return state_.message; }

 private:
  struct State {
    jpeg_error_mgr handler;  // First: libjpeg hands a pointer to it back.
    std::jmp_buf escape;
    char message[JMSG_LENGTH_MAX];
  };
  [[noreturn]] static void leave(j_common_ptr info);
  static void on_message(j_common_ptr info, int level);

  State state_{};
};

}  // namespace quern
