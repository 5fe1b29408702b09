// The fields of packed weights of QUERN_WEIGHT_BITS, which the including source defines. A constant
// lets the compiler turn every shift and mask into part of an instruction; a kernel per number of
// bits lets generated code carry only those it uses.

#include <stdint.h>

enum { kBits = QUERN_WEIGHT_BITS };

/// STEP for the lowest bit of every two consecutive weights in a word, written out: compilers for
/// small machines do not unroll a loop of two turns.
#if QUERN_WEIGHT_BITS == 8
#define QUERN_STEPS(STEP) STEP(0)
#elif QUERN_WEIGHT_BITS == 4
#define QUERN_STEPS(STEP) STEP(0) STEP(8)
#elif QUERN_WEIGHT_BITS == 2
#define QUERN_STEPS(STEP) STEP(0) STEP(4) STEP(8) STEP(12)
#else
#define QUERN_STEPS(STEP) STEP(0) STEP(2) STEP(4) STEP(6) STEP(8) STEP(10) STEP(12) STEP(14)
#endif

/// The stored value of the weight whose lowest bit is bit `shift` of the word.
static inline int32_t field(uint32_t word, int32_t shift) {
  const uint32_t bits = word >> shift;
  if (kBits == 8) return (int8_t)(uint8_t)bits;
  if (kBits == 1) return (int32_t)((bits & 1) << 1);
  return (int32_t)(bits & ((1u << kBits) - 1));
}
