// import_tensorflow on any bytes: a graph that can be brought to canonical form and written as a
// file, or an Error that blames the file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/importers/tensorflow_pb.h"
#include "quern/passes/passes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    quern::Graph graph = quern::import_tensorflow(std::as_bytes(std::span(data, size)), "fuzz.pb");
    quern::canonicalize(graph);
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
  }
  return 0;
}
