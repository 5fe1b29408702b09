#ifndef QUERN_RUNTIME_WEIGHTS_H
#define QUERN_RUNTIME_WEIGHTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Weights of a convolution in the one packed layout.
///
/// Two output channels of a group, 2p and 2p + 1, form a pair; the weights of a pair are `words`
/// 32-bit words. A word holds n = 16 / bits consecutive weights of both: even ones in its low half,
/// odd ones in its high half, and within a half the two channels take turns from the low bits up:
///
///     8 bits  high | c1 w1 | c0 w1 | c1 w0 | c0 w0 | low
///     4 bits  high | c1 w3 | c0 w3 | c1 w1 | c0 w1 | c1 w2 | c0 w2 | c1 w0 | c0 w0 | low
///
/// So one shift and one mask give two consecutive weights of a channel as the halves of a word,
/// which is what a dual multiply (SMLAD) takes. A group with an odd number of channels has a last
/// pair whose second channel is zeros, and a depth that n does not divide ends in zeros.
///
/// Weights of 8 bits are signed. Those of 4 and 2 bits are unsigned, v; those of 1 bit are stored
/// as b and stand for v = 2 · b. The weight is v − zero. Because a·(v − zero) = a·v − a·zero, a
/// kernel sums the inputs once for all channels and never touches a zero inside its loop.
typedef struct {
  int32_t bits;            ///< 8, 4, 2 or 1.
  int32_t depth;           ///< Weights of one output channel.
  int32_t words;           ///< 32-bit words of a pair: ⌈depth / n⌉.
  const uint32_t* packed;  ///< [groups][pairs of a group][words]
  const int16_t* zero;     ///< Per output channel; null where all are 0.
} QuernWeights;

#ifdef __cplusplus
}
#endif

#endif
