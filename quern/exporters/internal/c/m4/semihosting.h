#ifndef QUERN_M4_SEMIHOSTING_H
#define QUERN_M4_SEMIHOSTING_H

#include <stdint.h>

/// Asks the debugger, or QEMU, for an operation of Arm's semihosting.
static inline uintptr_t semihosting(uintptr_t operation, const uintptr_t* arguments) {
  register uintptr_t r0 __asm__("r0") = operation;
  register const uintptr_t* r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

#endif
