#ifndef QUERN_RUNTIME_WINDOW_H
#define QUERN_RUNTIME_WINDOW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Where a window stands: tap (i, j) of output (y, x) reads input row
/// y · stride_height + i · dilation_height − top and column
/// x · stride_width + j · dilation_width − left.
typedef struct {
  int32_t height, width;  ///< Taps.
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t top, left;  ///< Padding before the input.
} QuernWindow;

/// Taps begin to end − 1 of a window along one axis.
typedef struct {
  int32_t begin, end;
} QuernTaps;

/// The taps that lie inside of an input of `extent`, where tap i reads origin + i · dilation.
static inline QuernTaps quern_taps_inside(int32_t origin, int32_t dilation, int32_t taps,
                                          int32_t extent) {
  QuernTaps inside = {0, 0};
  if (origin < 0) inside.begin = (dilation - 1 - origin) / dilation;
  if (origin < extent) inside.end = (extent - 1 - origin) / dilation + 1;
  if (inside.end > taps) inside.end = taps;
  if (inside.begin > inside.end) inside.begin = inside.end;
  return inside;
}

#ifdef __cplusplus
}
#endif

#endif
