// canonicalize: one form for the many in which exporters write the same network.
#include "quern/ops/op_def.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

/// In this order: constants show which Pads and Reshapes do nothing, and what is gone need not be
/// matched by the later ones.
constexpr PassReport (*kSteps[])(Graph&) = {
    fold_constants,   remove_identities, recognize_upsampling, move_transposes, resolve_padding,
    simplify_flatten, resolve_reshapes,  resolve_resizes,      collapse_concats};

}  // namespace

PassReport canonicalize(Graph& graph) {
  PassReport report;
  int rewrites_before = -1;
  while (report.rewrites != rewrites_before) {
    rewrites_before = report.rewrites;
    report.notes.clear();
    graph.erase_dead();  // What nobody needs hides who reads a value.
    for (const auto step : kSteps) {
      infer_shapes(graph);
      report += step(graph);
    }
  }
  graph.erase_dead();
  verify(graph);
  return report;
}

}  // namespace quern
