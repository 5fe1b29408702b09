#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quern/analysis/layer_groups.h"
#include "quern/graph/graph.h"
#include "quern/report/run_report.h"

namespace quern {

/// A weight and the grid it is rounded to.
struct WeightOnGrid {
  Tensor weight;  ///< float32
  QuantSpec spec;
  QuantParams params;
};

/// The weight of a layer; none where it has none or stays float.
std::optional<WeightOnGrid> weight_on_grid(const Graph& graph, const LayerGroup& group);

/// The weight's codes, row-major.
std::vector<std::int64_t> codes_of(const WeightOnGrid& weight);

/// How far the rounded weight is from `reference`, a tensor of the same shape.
double weight_sqnr_db(const WeightOnGrid& weight, const Tensor& reference);

/// What a report says of a grid before anything is measured on it.
GridFigures grid_figures(const Graph& graph, QuantizerId grid);

/// `grid` with what is measured: `reference` on the weight's grid, the weight's codes.
GridFigures weight_figures(GridFigures grid, const WeightOnGrid& weight, const Tensor& reference);

}  // namespace quern
