#include "platform.h"

#include "m4/semihosting.h"

// Standard input and output of the machine that runs QEMU.

enum { kOpen = 0x01, kWrite = 0x05, kRead = 0x06 };
enum { kForReading = 0, kForWriting = 4 };

static uintptr_t open_console(uintptr_t mode) {
  static const char kConsole[] = ":tt";
  const uintptr_t arguments[] = {(uintptr_t)kConsole, mode, sizeof(kConsole) - 1};
  return semihosting(kOpen, arguments);
}

int32_t platform_read(void* to, int32_t bytes) {
  const uintptr_t arguments[] = {open_console(kForReading), (uintptr_t)to, (uintptr_t)bytes};
  return bytes - (int32_t)semihosting(kRead, arguments);
}

void platform_write(const void* from, int32_t bytes) {
  const uintptr_t arguments[] = {open_console(kForWriting), (uintptr_t)from, (uintptr_t)bytes};
  semihosting(kWrite, arguments);
}
