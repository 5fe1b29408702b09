// import_tflite on any bytes: a graph or an Error that blames the file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/importers/tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const quern::Graph graph = quern::import_tflite(std::as_bytes(std::span(data, size)), "fuzz");
    quern::ensure(!graph.outputs().empty(), "a graph without an output");
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
  }
  return 0;
}
