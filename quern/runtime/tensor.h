#ifndef QUERN_RUNTIME_TENSOR_H
#define QUERN_RUNTIME_TENSOR_H

// Where the elements of an activation lie. The runtime is C99 without heap, floats or recursion;
// the kernels are the definition of what an integer network computes.

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The kernels shift negative numbers to the right and expect the sign to follow, which C leaves to
/// the compiler; one that does otherwise does not compile this line.
typedef char QuernShiftsKeepTheSign[(-1 >> 1) == -1 ? 1 : -1];

/// The layout of [height, width, channels] elements: rows, in them pixels, in them channels.
///
/// Elements of 8, 4 and 2 bits are unsigned codes, packed from the low bits of each byte up; a
/// pixel starts on a byte. Elements of 32 bits are int32 in the byte order of the machine.
///
/// A buffer may hold fewer rows than the tensor has: row y lies at (y mod rows) · row_bytes, so a
/// schedule of row ranges needs only the rows that are still read.
typedef struct {
  int32_t height, width, channels;
  int32_t bits;         ///< 8, 4, 2 or 32.
  int32_t pixel_bytes;  ///< From a pixel to the next: ⌈channels · bits / 8⌉, or more.
  int32_t row_bytes;    ///< From a row to the next: width · pixel_bytes, or more.
  int32_t rows;         ///< Rows that the buffer holds, 1 to height.
} QuernTensor;

/// Where row y starts.
static inline int32_t quern_row(const QuernTensor* tensor, int32_t y) {
  return (y < tensor->rows ? y : y % tensor->rows) * tensor->row_bytes;
}

/// Bytes that the elements of a pixel take.
static inline int32_t quern_used_bytes(const QuernTensor* tensor) {
  return (tensor->channels * tensor->bits + 7) / 8;
}

/// The code of a channel; 8, 4 or 2 bits.
static inline int32_t quern_load(const uint8_t* pixel, int32_t channel, int32_t bits) {
  const int32_t at = channel * bits;
  return bits == 8 ? pixel[channel] : (pixel[at >> 3] >> (at & 7)) & ((1 << bits) - 1);
}

/// Writes an element. The channels of a pixel must be written in ascending order, since the first
/// one in a byte clears those after it.
static inline void quern_store(uint8_t* pixel, int32_t channel, int32_t bits, int32_t value) {
  if (bits == 8) {
    pixel[channel] = (uint8_t)value;
  } else if (bits == 32) {
    const int32_t at = 4 * channel;
    memcpy(pixel + at, &value, 4);
  } else {
    const int32_t at = channel * bits;
    const int32_t kept = (at & 7) == 0 ? 0 : pixel[at >> 3];
    pixel[at >> 3] = (uint8_t)(kept | value << (at & 7));
  }
}

/// Stores the elements of `count` channels from `first` on.
static inline void quern_store_channels(uint8_t* pixel, int32_t first, int32_t count, int32_t bits,
                                        const int32_t* values) {
  if (bits == 8) {
    for (int32_t i = 0; i < count; ++i) pixel[first + i] = (uint8_t)values[i];
    return;
  }
  if (bits == 4 && (first & 1) == 0) {
    uint8_t* to = pixel + (first >> 1);
    for (int32_t i = 0; i + 2 <= count; i += 2) *to++ = (uint8_t)(values[i] | values[i + 1] << 4);
    if (count & 1) *to = (uint8_t)values[count - 1];
    return;
  }
  for (int32_t i = 0; i < count; ++i) quern_store(pixel, first + i, bits, values[i]);
}

#ifdef __cplusplus
}
#endif

#endif
