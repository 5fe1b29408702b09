#pragma once

#include "tests/support/tflite_case.h"

namespace quern::test {

// Files of the ops that move elements without changing them; the last computes a shape.
void reshape(TfliteCase& c);
void squeeze(TfliteCase& c);
void expand_dims(TfliteCase& c);
void transpose(TfliteCase& c);
void concatenation(TfliteCase& c);
void split(TfliteCase& c);
void split_v(TfliteCase& c);
void pack(TfliteCase& c);
void unpack(TfliteCase& c);
void slice(TfliteCase& c);
void strided_slice(TfliteCase& c);
void gather(TfliteCase& c);
void tile(TfliteCase& c);
void computed_shape(TfliteCase& c);

}  // namespace quern::test
