// import_onnx on any bytes: a graph or an Error that blames the file; and what was imported comes
// back from its own export.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/exporters/qonnx.h"
#include "quern/importers/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quern::Graph graph;
  try {
    graph = quern::import_onnx(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
    return 0;
  }
  // A free batch stays free: fixing it may contradict the shapes that a file computes.
  const quern::Graph again = quern::import_onnx(quern::to_qonnx(graph, {.batch = 0}), "again");
  quern::ensure(again == graph, "the graph does not come back from its file");
  return 0;
}
