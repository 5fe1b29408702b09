// The dual multiply of Cortex-M4 and its kin: two products of 16-bit halves in one instruction.
// Included behind field.h where __ARM_FEATURE_DSP says that it exists.

#include <arm_acle.h>

/// Two consecutive inputs, or weights, as the halves of a word.
typedef uint32_t Halves;

static inline Halves load_halves(const int16_t* x) {
  Halves halves;
  __builtin_memcpy(&halves, __builtin_assume_aligned(x, 4), sizeof(halves));
  return halves;
}

/// Bytes 1 and 3 of a word as halves, of signed bytes. GCC makes two instructions of the rotation
/// and what extends the signs, which are one.
static inline Halves odd_signed_halves(uint32_t word) {
#if defined(__GNUC__) && !defined(__clang__)
  Halves halves;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
#else
  return (Halves)__sxtb16((int8x4_t)__ror(word, 8));
#endif
}

/// The stored values of the two weights whose lowest bits are bits `shift` and `shift` + 16.
static inline Halves field_halves(uint32_t word, int32_t shift) {
  if (kBits == 8) return shift == 0 ? (Halves)__sxtb16((int8x4_t)word) : odd_signed_halves(word);
  const Halves bits = (word >> shift) & (((1u << kBits) - 1) * 0x00010001u);
  return kBits == 1 ? bits << 1 : bits;
}

/// sum + a.low · b.low + a.high · b.high
static inline int32_t add_products(int32_t sum, Halves a, Halves b) {
  return __smlad((int16x2_t)a, (int16x2_t)b, sum);
}

/// Two neighbouring bytes, the first in the low one; at any address, as these machines allow.
static inline uint32_t load_pair(const uint8_t* x) {
  uint16_t pair;
  __builtin_memcpy(&pair, x, sizeof(pair));
  return pair;
}

/// Bytes 0 and 2 of a word as halves.
static inline Halves byte_halves(uint32_t word) { return (Halves)__uxtb16((uint8x4_t)word); }

/// Bytes 1 and 3, likewise.
static inline Halves odd_byte_halves(uint32_t word) {
#if defined(__GNUC__) && !defined(__clang__)
  Halves halves;
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
#else
  return (Halves)__uxtb16((uint8x4_t)__ror(word, 8));
#endif
}
