#include "platform.h"

#include <stdio.h>

int32_t platform_read(void* to, int32_t bytes) {
  return (int32_t)fread(to, 1, (size_t)bytes, stdin);
}

void platform_write(const void* from, int32_t bytes) { fwrite(from, 1, (size_t)bytes, stdout); }
