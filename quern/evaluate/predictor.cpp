#include "quern/evaluate/predictor.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/sample_mixing.h"
#include "quern/base/error.h"
#include "quern/executor/plan.h"

namespace quern {
namespace {

class GraphPredictor : public Predictor {
 public:
  explicit GraphPredictor(const Graph& graph)
      : output_(graph.value(graph.outputs().at(0)).name), plan_(graph) {
    check_is_logits(graph);
    check_samples_stay_apart(graph);
  }

  Tensor logits(const Batch& batch) const override {
    Tensor logits = plan_.run({batch.images}).at(0);
    if (logits.dtype() != DType::kFloat32 || logits.rank() != 2 ||
        std::cmp_not_equal(logits.shape()[0], batch.samples.size())) {
      fail(ErrorCode::kUnsupported,
           "the output '{}' has the shape {} for {} pictures, expected a row of logits for each",
           output_, to_string(logits.shape()), batch.samples.size());
    }
    if (!std::ranges::all_of(logits.data<float>(), [](float x) { return std::isfinite(x); })) {
      fail(ErrorCode::kParse, "the output '{}' is not finite", output_);
    }
    return logits;
  }

  std::int64_t bytes_per_sample() const override { return plan_.bytes_per_sample(); }

 private:
  std::string output_;
  Plan plan_;
};

}  // namespace

std::unique_ptr<Predictor> predictor(const Graph& graph) {
  return std::make_unique<GraphPredictor>(graph);
}

}  // namespace quern
