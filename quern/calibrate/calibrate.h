#pragma once

#include <functional>
#include <string>
#include <vector>

#include "quern/calibrate/weight_scale.h"
#include "quern/data/image_list.h"
#include "quern/data/loader.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern {

/// How scales are found where a quantizer's own request says nothing.
struct CalibrateOptions {
  std::string observer = "percentile";  ///< Of activations: a name from observers().
  double percentile = 99.999;           ///< Of |x|, 99 to 100: what lies above is kept.
  WeightMethod weight_method = WeightMethod::kMse;
  double weight_percentile = 99.9;  ///< Of |w| in a channel; only of kPercentile.
  LoaderOptions loader;
  /// Values of the float network that the sweep shows to `look_on`, from several threads, where it
  /// runs.
  std::vector<ValueId> shown = {};
  std::function<void(const Batch&, ValueId, const TensorView&)> look_on = {};
};

struct CalibrationReport {
  std::size_t images = 0;            ///< Pictures that were observed.
  std::vector<std::string> skipped;  ///< One sentence per picture left out.
  std::vector<std::string> notes;    ///< One sentence per kind: dead channels, activations of 0,
                                     ///< one picture.
};

/// Fills every scale of the graph that is not known: of weights from their values, of activations
/// from one sweep of the samples through the float network, each by what its quantizer requests or
/// else by `options`. Scales of kind kConstant stay as they are; a scale that several grids share
/// becomes the largest that any of them asks for.
///
/// The scales are the same, bit for bit, for any number of threads. Nothing in them depends on how
/// samples are put into batches, except that LibTorch may sum a convolution in another order.
///
/// @throws Error(kInvalidArgument) for an unknown observer or method, a percentile that its method
///         does not read, no samples, or pictures that do not have the network's input size;
///         Error(kUnsupported) as Plan and weight_scale do; Error(kParse) for a picture that can
///         not be decoded, unless the loader skips those.
CalibrationReport calibrate(Graph& graph, const std::vector<Sample>& samples,
                            const CalibrateOptions& options);

}  // namespace quern
