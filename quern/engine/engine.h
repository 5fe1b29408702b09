#ifndef QUERN_ENGINE_ENGINE_H
#define QUERN_ENGINE_ENGINE_H

// The integer engine for applications, in C: open a .quern file, ask what it takes and gives, run.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What went wrong; 0 is success.
typedef enum {
  kQuernOk = 0,
  kQuernBadArgument = 1,  ///< An input or output of another shape or type than the network's.
  kQuernBadFile = 2,      ///< The file is damaged, of another version, or no .quern file.
  kQuernIo = 3,           ///< The file cannot be read.
  kQuernNoMemory = 4,
} QuernCode;

/// A sentence that says what was found and what was expected; empty after success.
typedef struct {
  char message[256];
} QuernMessage;

/// The type of an element.
typedef enum {
  kQuernUint8 = 0,  ///< A pixel value, or a code as stored: 0 to 2^bits − 1.
  kQuernInt32 = 1,
} QuernType;

/// What an input or output is. Elements lie as [height][width][channels]. An element u means the
/// real value (u − zero_point) · scale; `scales` is 1, or one per channel.
typedef struct {
  const char* name;
  QuernType type;
  int32_t height, width, channels;
  int32_t bits;  ///< Of a code; 32 for kQuernInt32.
  int32_t zero_point;
  const float* scale;
  int32_t scales;
  int32_t is_pixels;  ///< An input that takes pixels 0 … 255 as decoded, resized and cropped …
  int32_t is_bgr;     ///< … with blue first.
} QuernTensorInfo;

/// Memory of the application, of the shape and type of an input or output.
typedef struct {
  void* data;
  QuernType type;
  int32_t height, width, channels;
} QuernBuffer;

typedef struct QuernEngine QuernEngine;

/// Loads a network and takes all memory that runs need. `message` may be null. On failure *engine
/// is null.
QuernCode quern_engine_open(const char* path, QuernEngine** engine, QuernMessage* message);
/// The same of a file's bytes in memory, which are not kept.
QuernCode quern_engine_open_bytes(const void* bytes, size_t size, QuernEngine** engine,
                                  QuernMessage* message);
void quern_engine_close(QuernEngine* engine);

size_t quern_engine_input_count(const QuernEngine* engine);
size_t quern_engine_output_count(const QuernEngine* engine);
/// Index below the count. Pointers inside stay valid while the engine is open.
QuernTensorInfo quern_engine_input(const QuernEngine* engine, size_t index);
QuernTensorInfo quern_engine_output(const QuernEngine* engine, size_t index);

/// Computes one sample. Allocates nothing; one run at a time per engine.
QuernCode quern_engine_run(QuernEngine* engine, const QuernBuffer* inputs, size_t input_count,
                           const QuernBuffer* outputs, size_t output_count, QuernMessage* message);

#ifdef __cplusplus
}
#endif

#endif
