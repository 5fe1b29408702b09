#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quern/data/image_list.h"
#include "quern/data/loader.h"
#include "quern/engine/int_model.h"
#include "quern/graph/graph.h"
#include "quern/lower/lower.h"
#include "quern/verify/c_program.h"
#include "quern/verify/model_difference.h"

namespace quern {

/// Two forms of one network on the same pictures, element by element.
struct FormPair {
  std::array<std::string, 2> forms;
  std::int64_t elements = 0;
  std::int64_t differing = 0;
  std::map<std::string, std::int64_t> by_kind;  ///< `differing` by kind of op; without those of 0.
  std::int32_t largest = 0;                     ///< By how many codes they differ at most.
  std::string first_layer;  ///< The first that differs, in the order of the ops, in an element or
                            ///< a number of the file; empty: none.
  std::string cause;        ///< A clause on why the pair does not hold, where it is known.
  bool holds = true;        ///< Whether the pair is as near as it has to be.
};

struct VerifyReport {
  std::vector<FormPair> pairs;
  std::optional<ModelDifference>
      altered;  ///< Where the file has other numbers than lowering gives.
  std::size_t images = 0;
  std::vector<std::string> skipped;  ///< One sentence per picture left out.

  bool holds() const;
};

/// What a fake-quant run and the integers may differ in: one code, in one of a thousand elements.
inline constexpr double kMostDiffering = 0.001;

/// Holds an integer network against the quantized graph it was made of, on pictures. The forms:
///
/// * fake-quant: the graph by the rules of floats: what convolutions and linear layers sum up is
///   exact and rounded once (SumMode::kExact), all else is computed in float32.
/// * fake-quant float32: the graph as evaluate runs it. A sum's last bits depend on the order of
///   its terms, so where one lies right between two codes it may get the other.
/// * exact: the graph lowered by `options`, each op by itself with the scalar kernels.
/// * engine: `model` as it stands, run by the interpreter with its schedule and memory.
/// * c on host, c on m4: the C that export_c makes of `model`, on each of `machines`.
///
/// Both fake-quant forms are compared with exact layer by layer, each layer fed the codes of that
/// fake-quant run, but for accumulators, which are no codes. They may be one code apart in at most
/// kMostDiffering of all elements; where floor is asked for and the grids round to nearest, in any.
/// exact and engine run from the pixels on and may differ in nothing; nor may engine and C, nor
/// `model` in any number from what lowering gives.
///
/// The figures are the same for any number of threads.
/// @throws Error as lower, Plan, CProgram and for_each_batch do.
VerifyReport verify_integers(const Graph& graph, const IntModel& model, const LowerOptions& options,
                             const std::vector<Sample>& samples, const LoaderOptions& loader,
                             const std::vector<CMachine>& machines = {});

}  // namespace quern
