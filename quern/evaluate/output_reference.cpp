#include "quern/evaluate/output_reference.h"

#include <cmath>
#include <limits>

#include "quern/base/error.h"
#include "quern/base/parallel.h"

namespace quern {

OutputReference::OutputReference(const Graph& reference, const std::vector<Sample>& samples,
                                 const LoaderOptions& loader)
    : threads_(loader.threads), batches_(batch_count(samples.size(), loader)) {
  for_each_batch(samples, loader,
                 [&](int, const Batch& batch) { batches_[batch.index] = batch.images; });
  // Those of which no picture could be read.
  std::erase_if(batches_, [](const Tensor& images) { return images.size() == 0; });
  require(!batches_.empty(), "outputs can not be compared without a picture");
  outputs_ = run(reference, QuantMode::kFloat);
}

OutputReference::OutputReference(std::vector<Tensor> batches,
                                 std::vector<std::vector<Tensor>> outputs, int threads)
    : threads_(threads), batches_(std::move(batches)), outputs_(std::move(outputs)) {
  require(!batches_.empty(), "outputs can not be compared without a picture");
  require(batches_.size() == outputs_.size(), "{} batches of pictures, {} of outputs",
          batches_.size(), outputs_.size());
}

std::vector<std::vector<Tensor>> OutputReference::run(const Graph& graph, QuantMode mode) const {
  const Plan plan(graph, {.mode = mode, .taps = {}});
  std::vector<std::vector<Tensor>> outputs(batches_.size());
  for_each_lane(batches_.size(), threads_, [&](std::size_t, std::size_t batch) {
    outputs[batch] = plan.run({batches_[batch]});
  });
  return outputs;
}

double OutputReference::sqnr_db(const Graph& graph) const {
  const std::vector<std::vector<Tensor>> found = run(graph, QuantMode::kFakeQuant);
  double signal = 0;
  double noise = 0;
  for (std::size_t batch = 0; batch < found.size(); ++batch) {
    for (std::size_t i = 0; i < found[batch].size(); ++i) {
      const Tensor& wanted = outputs_[batch].at(i);
      require(found[batch][i].shape() == wanted.shape(), "output {} has the shape {}, expected {}",
              i, to_string(found[batch][i].shape()), to_string(wanted.shape()));
      const auto y = wanted.data<float>();
      const auto y_hat = found[batch][i].data<float>();
      for (std::size_t j = 0; j < y.size(); ++j) {
        signal += double{y[j]} * double{y[j]};
        noise += (double{y[j]} - double{y_hat[j]}) * (double{y[j]} - double{y_hat[j]});
      }
    }
  }
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (!std::isfinite(noise)) return -kInfinite;
  return noise > 0 ? 10 * std::log10(signal / noise) : kInfinite;
}

std::size_t OutputReference::pictures() const {
  std::size_t count = 0;
  for (const Tensor& images : batches_) count += static_cast<std::size_t>(images.shape()[0]);
  return count;
}

}  // namespace quern
