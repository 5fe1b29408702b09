#include "quern/data/internal/jpeg_errors.h"

// Uses types of jpeglib.h.
#include <jerror.h>

namespace quern {
namespace {

/// Whether a warning means that pixels were invented in place of missing or unreadable ones.
bool damages_pixels(int warning) {
  switch (warning) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
      return true;
    default:
      return false;
  }
}

}  // namespace

JpegErrors::JpegErrors() {
  jpeg_std_error(&state_.handler);
  state_.handler.error_exit = leave;
  state_.handler.emit_message = on_message;
}

void JpegErrors::leave(j_common_ptr info) {
  auto* state = reinterpret_cast<State*>(info->err);
  state->handler.format_message(info, state->message);
  std::longjmp(state->escape, 1);
}

void JpegErrors::on_message(j_common_ptr info, int level) {
  constexpr int kWarning = -1;
  if (level == kWarning && damages_pixels(info->err->msg_code)) leave(info);
}

}  // namespace quern
