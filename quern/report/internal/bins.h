#pragma once

#include "quern/evaluate/grid_tally.h"
#include "quern/report/run_report.h"

namespace quern::internal {

inline Bins to_bins(const Histogram& histogram) {
  return {histogram.low, histogram.width, histogram.counts};
}

/// The figures of `tally`, the float values on the grid, and of the codes that came of them.
inline void set_tally(GridFigures& grid, const GridTally& tally, const Histogram& codes) {
  if (tally.count == 0) return;
  grid.clipped = static_cast<double>(tally.clipped) / static_cast<double>(tally.count);
  grid.sqnr_db = ratio_db(tally.signal, tally.noise);
  grid.before = to_bins(tally.histogram);
  grid.after = to_bins(codes);
}

}  // namespace quern::internal
