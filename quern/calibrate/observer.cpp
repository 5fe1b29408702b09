#include "quern/calibrate/observer.h"

#include <fmt/ranges.h>

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {

const std::vector<ObserverDef>& observers() {
  static const std::vector<ObserverDef> kCatalog = {
      {"entropy", "least Kullback-Leibler divergence of the codes from |x|", make_entropy},
      {"mean_abs", "mean of |x|: the scale of a bipolar grid", make_mean_abs},
      {"min_max", "largest |x|", make_min_max},
      {"mse", "least squared error on the grid", make_mse},
      {"percentile", "percentile of |x|, exact over all samples", make_percentile},
  };
  return kCatalog;
}

std::unique_ptr<Observer> make_observer(std::string_view name, const ObserverOptions& options) {
  std::vector<std::string> known;
  for (const ObserverDef& observer : observers()) {
    if (observer.name == name) return observer.make(options);
    known.emplace_back(observer.name);
  }
  fail(ErrorCode::kInvalidArgument, "'{}' is not an observer, expected one of {}{}", name,
       fmt::join(known, ", "), nearest_hint(name, nearest(name, known)));
}

}  // namespace quern
