// Products with packed weights of QUERN_WEIGHT_BITS, which the including source defines. A constant
// lets the compiler turn every shift and mask below into part of an instruction; a kernel per
// number of bits lets generated code carry only those it uses.

#include <stdint.h>

enum { kBits = QUERN_WEIGHT_BITS, kWeightsOfWord = 16 / QUERN_WEIGHT_BITS };

/// The stored value of a weight whose lowest bit is bit `shift` of the word.
static inline int32_t field(uint32_t word, int32_t shift) {
  const uint32_t bits = word >> shift;
  if (kBits == 8) return (int8_t)(uint8_t)(bits & 0xff);
  if (kBits == 1) return (int32_t)((bits & 1) << 1);
  return (int32_t)(bits & ((1u << kBits) - 1));
}
