#ifndef QUERN_M4_STRING_H
#define QUERN_M4_STRING_H

#include <stddef.h>

// What the kernels use of the C library, so that none has to be there.

void* memcpy(void* restrict to, const void* restrict from, size_t count);
void* memset(void* to, int value, size_t count);

#endif
