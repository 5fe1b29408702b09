// From reset to main, and its result to QEMU.

#include <string.h>

#include "m4/semihosting.h"

// Or GCC makes calls of memset and memcpy out of their own loops.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

extern uint32_t bss_begin[], bss_end[], stack_end[];  // memory.ld

int main(void);
void reset(void);

static void leave(uintptr_t code) {
  enum { kExit = 0x20, kApplicationExit = 0x20026 };
  const uintptr_t arguments[] = {kApplicationExit, code};
  semihosting(kExit, arguments);
  for (;;) {
  }
}

void reset(void) {
  for (uint32_t* word = bss_begin; word < bss_end; ++word) *word = 0;
  leave((uintptr_t)main());
}

static void fault(void) { leave(3); }

typedef struct {
  uint32_t* stack;
  void (*handlers[6])(void);
} Vectors;

__attribute__((section(".vectors"), used)) static const Vectors vectors = {
    stack_end, {reset, fault, fault, fault, fault, fault}};

// What compilers call even without a C library. Cortex-M4 reads and writes words at any address.

void* memcpy(void* restrict to, const void* restrict from, size_t count) {
  uint8_t* out = (uint8_t*)to;
  const uint8_t* in = (const uint8_t*)from;
  for (; count >= 4; count -= 4) {
    __builtin_memcpy(out, in, 4);
    out += 4;
    in += 4;
  }
  while (count-- > 0) *out++ = *in++;
  return to;
}

void* memset(void* to, int value, size_t count) {
  uint8_t* out = (uint8_t*)to;
  while (count-- > 0) *out++ = (uint8_t)value;
  return to;
}
