#ifndef QUERN_RUNTIME_ELEMENTWISE_H
#define QUERN_RUNTIME_ELEMENTWISE_H

#include "quern/runtime/requantize.h"
#include "quern/runtime/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// Kernels whose output pixel depends on the input pixel of the same place. Each computes rows
// row_begin to row_end − 1.

/// The sum of two tensors of any scales: acc = a · factor_a + b · factor_b + bias. The factors are
/// the scales in a common fixed-point unit, fine enough that rounding happens once, at the end.
typedef struct {
  QuernTensor a, b, output;
  int32_t factor_a, factor_b;
  int32_t bias;  ///< −z_a · factor_a − z_b · factor_b
  QuernRequantize requantize;
} QuernAdd;

void quern_add(const QuernAdd* add, const uint8_t* a, const uint8_t* b, uint8_t* output,
               int32_t row_begin, int32_t row_end);

/// A factor and a term per channel that no convolution takes: acc = x · factor[c] + bias[c].
typedef struct {
  QuernTensor input, output;
  const int32_t* factor;  ///< Per channel.
  const int32_t* bias;    ///< Per channel.
  QuernRequantize requantize;
} QuernAffine;

void quern_affine(const QuernAffine* affine, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end);

/// Any function of one code: another grid, a table of Sigmoid, pixels to the codes that the network
/// reads.
typedef struct {
  QuernTensor input, output;
  int32_t stride;  ///< Entries from a channel's table to the next: 2^bits, or 0 for one table.
  const uint8_t* table;  ///< Output code of every input code.
} QuernLookup;

void quern_lookup(const QuernLookup* lookup, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end);

#ifdef __cplusplus
}
#endif

#endif
