#include "quern/verify/verify_integers.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/engine/op_kind.h"
#include "quern/evaluate/integer_network.h"
#include "quern/executor/plan.h"
#include "quern/verify/c_program.h"
#include "quern/verify/model_difference.h"
#include "quern/verify/op_runner.h"

namespace quern {
namespace {

/// Differences of one op's output.
struct Tally {
  std::int64_t elements = 0;
  std::int64_t differing = 0;
  std::int32_t largest = 0;

  void add(const Integers& a, const Integers& b) {
    elements += std::ssize(a);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i]) continue;
      const std::int64_t difference = std::abs(std::int64_t{a[i]} - b[i]);
      ++differing;
      largest = static_cast<std::int32_t>(
          std::max<std::int64_t>(largest, std::min<std::int64_t>(difference, INT32_MAX)));
    }
  }

  Tally& operator+=(const Tally& other) {
    elements += other.elements;
    differing += other.differing;
    largest = std::max(largest, other.largest);
    return *this;
  }
};

using Tallies = std::vector<Tally>;  ///< Per op.

/// Tensors whose integers are known, by index; empty where they are not.
using Values = std::vector<Integers>;

/// fake-quant, exact and engine; the forms in C follow them.
constexpr std::size_t kForms = 3;

class Verification {
 public:
  Verification(const Graph& graph, const IntModel& exact, const IntModel& engine,
               const LoaderOptions& loader, const std::vector<CMachine>& machines)
      : graph_(graph),
        exact_(exact),
        plan_(graph, {.taps = tapped(graph, exact)}),
        input_(exact, loader.preprocessing),
        engine_(engine, loader.preprocessing) {
    for (const CMachine machine : machines) {
      programs_.push_back(std::make_unique<CProgram>(engine, machine));
    }
  }

  std::int64_t bytes_per_sample() const {
    return plan_.bytes_per_sample() + engine_.bytes_per_sample();
  }

  /// What the pictures of a batch add to each pair of forms, in the order of the report.
  std::vector<Tallies> run(const Batch& batch) const {
    std::vector<OpRunner> runners;
    for (const IntOp& op : exact_.ops) runners.emplace_back(exact_, op);
    std::vector<Tallies> tallies(kForms - 1 + programs_.size(), Tallies(exact_.ops.size()));
    const std::vector<Values> shown = fake_quant_codes(batch);
    const auto pixels = batch.images.data<float>();
    const std::size_t size = pixels.size() / batch.samples.size();
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const auto picture = pixels.subspan(i * size, size);
      const std::vector<std::uint8_t> given = input_.of(picture);
      const Integers integers(given.begin(), given.end());
      compare_layers(shown[i], integers, runners, tallies[0]);
      const std::vector<Integers> engine = engine_integers(picture);
      compare_engine(engine, integers, runners, tallies[1]);
      for (std::size_t c = 0; c < programs_.size(); ++c) {
        const std::vector<Integers> computed = programs_[c]->run(given);
        for (std::size_t op = 0; op < engine.size(); ++op) {
          tallies[kForms - 1 + c][op].add(computed[op], engine[op]);
        }
      }
    }
    return tallies;
  }

 private:
  static std::vector<ValueId> tapped(const Graph& graph, const IntModel& model) {
    std::vector<ValueId> values;
    for (const IntOp& op : model.ops) {
      const IntTensor& tensor = model.tensors.at(static_cast<std::size_t>(op.output));
      const auto layer = graph.find_layer(tensor.name);
      if (layer && tensor.bits != 32) values.push_back(graph.node(*layer).outputs.at(0));
    }
    return values;
  }

  std::size_t input_tensor() const { return static_cast<std::size_t>(exact_.inputs[0].tensor); }

  /// Per picture, what the fake-quant run computes on the grids that are tensors.
  std::vector<Values> fake_quant_codes(const Batch& batch) const {
    std::vector<Values> all(batch.samples.size(), Values(exact_.tensors.size()));
    plan_.run({batch.images}, [&](ValueId id, const TensorView& view) {
      const std::string& layer = graph_.producer(id)->layer;
      const auto found = std::ranges::find(exact_.tensors, layer, &IntTensor::name);
      const auto index = static_cast<std::size_t>(found - exact_.tensors.begin());
      const Tensor values = view.to_tensor();
      const std::size_t size = values.data<float>().size() / all.size();
      for (std::size_t i = 0; i < all.size(); ++i) {
        all[i][index] = codes_of(*found, values.data<float>().subspan(i * size, size));
      }
    });
    return all;
  }

  /// Codes of values on the grid, whose order is channel, row, column.
  static Integers codes_of(const IntTensor& tensor, std::span<const float> values) {
    const auto channels = static_cast<std::size_t>(tensor.channels);
    const std::size_t pixels = values.size() / channels;
    Integers codes(values.size());
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < pixels; ++i) {
        const double steps = double{values[c * pixels + i]} / double{tensor.scale[0]};
        codes[i * channels + c] = static_cast<std::int32_t>(std::lround(steps)) + tensor.zero_point;
      }
    }
    return codes;
  }

  Integers compute(const IntOp& op, OpRunner& runner, const Values& values) const {
    std::vector<const Integers*> inputs;
    for (const TensorIndex input : op.inputs) {
      inputs.push_back(&values[static_cast<std::size_t>(input)]);
    }
    return runner.run(inputs);
  }

  void compare_layers(Values values, const Integers& integers, std::vector<OpRunner>& runners,
                      Tallies& tallies) const {
    values[input_tensor()] = integers;
    for (std::size_t i = 0; i < exact_.ops.size(); ++i) {
      Integers computed = compute(exact_.ops[i], runners[i], values);
      Integers& expected = values[static_cast<std::size_t>(exact_.ops[i].output)];
      if (expected.empty()) {
        expected = std::move(computed);
      } else {
        tallies[i].add(computed, expected);
      }
    }
  }

  /// What the engine computes, by op.
  std::vector<Integers> engine_integers(std::span<const float> picture) const {
    std::vector<Integers> found(exact_.ops.size());
    engine_.run(picture, [&](const StepResult& step) {
      const std::vector<std::int32_t> rows = elements(step);
      Integers& of = found[static_cast<std::size_t>(step.op)];
      const std::size_t row = rows.size() / static_cast<std::size_t>(step.row_end - step.row_begin);
      of.resize(row * static_cast<std::size_t>(step.layout.height));
      std::ranges::copy(rows, of.begin() + static_cast<std::ptrdiff_t>(
                                               row * static_cast<std::size_t>(step.row_begin)));
    });
    return found;
  }

  void compare_engine(const std::vector<Integers>& engine, const Integers& integers,
                      std::vector<OpRunner>& runners, Tallies& tallies) const {
    Values values(exact_.tensors.size());
    values[input_tensor()] = integers;
    for (std::size_t i = 0; i < exact_.ops.size(); ++i) {
      Integers& computed = values[static_cast<std::size_t>(exact_.ops[i].output)];
      computed = compute(exact_.ops[i], runners[i], values);
      tallies[i].add(computed, engine[i]);
    }
  }

  const Graph& graph_;
  const IntModel& exact_;
  Plan plan_;
  IntegerInput input_;
  IntegerNetwork engine_;
  std::vector<std::unique_ptr<CProgram>> programs_;
};

FormPair pair_of(std::array<std::string, 2> forms, const Tallies& tallies, const IntModel& model) {
  FormPair pair{.forms = std::move(forms)};
  Tally total;
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    total += tallies[i];
    if (tallies[i].differing == 0) continue;
    if (pair.first_layer.empty()) pair.first_layer = model.ops[i].layer;
    pair.by_kind[std::string(kind_of(model.ops[i]))] += tallies[i].differing;
  }
  pair.elements = total.elements;
  pair.differing = total.differing;
  pair.largest = total.largest;
  return pair;
}

/// The tallies of all batches, by pair of forms and op.
std::vector<Tallies> summed(const std::vector<std::vector<Tallies>>& batches, std::size_t pairs,
                            std::size_t ops) {
  std::vector<Tallies> sums(pairs, Tallies(ops));
  for (const std::vector<Tallies>& batch : batches) {
    for (std::size_t pair = 0; pair < batch.size(); ++pair) {
      for (std::size_t op = 0; op < ops; ++op) sums[pair][op] += batch[pair][op];
    }
  }
  return sums;
}

/// The layer that is furthest from fake-quant, and what lowering noted about it.
void judge_fake_quant(FormPair& pair, const Tallies& tallies, const LoweredModel& lowered,
                      const LowerOptions& options) {
  const bool rounds_down = options.rounding == RequantizeRounding::kFloor;
  const auto most =
      rounds_down ? pair.elements
                  : static_cast<std::int64_t>(kMostDiffering * static_cast<double>(pair.elements));
  pair.holds = pair.largest <= 1 && pair.differing <= most;
  if (pair.holds) return;
  std::size_t worst = 0;
  const auto share = [&](std::size_t i) {
    const Tally& of = tallies[i];
    return std::pair(of.largest > 1,
                     static_cast<double>(of.differing) /
                         static_cast<double>(std::max<std::int64_t>(1, of.elements)));
  };
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    if (share(i) > share(worst)) worst = i;
  }
  const std::string& layer = lowered.model.ops[worst].layer;
  pair.cause =
      fmt::format("'{}' differs most: {} of {} codes, by up to {}", layer, tallies[worst].differing,
                  tallies[worst].elements, tallies[worst].largest);
  for (const std::string& note : lowered.report.notes) {
    if (note.starts_with(fmt::format("'{}' ", layer))) pair.cause += "; " + note;
  }
}

}  // namespace

bool VerifyReport::holds() const {
  return std::ranges::all_of(pairs, [](const FormPair& pair) { return pair.holds; });
}

VerifyReport verify_integers(const Graph& graph, const IntModel& model, const LowerOptions& options,
                             const std::vector<Sample>& samples, const LoaderOptions& loader,
                             const std::vector<CMachine>& machines) {
  const LoweredModel exact = lower(graph, options);
  const std::optional<ModelDifference> changed = find_difference(model, exact.model);
  VerifyReport report;
  if (changed && model.ops.size() != exact.model.ops.size()) {
    report.pairs.push_back(
        {.forms = {"exact", "engine"}, .cause = changed->sentence, .holds = false});
    return report;
  }
  const Verification verification(graph, exact.model, model, loader, machines);
  const LoaderOptions bounded = within_memory(loader, verification.bytes_per_sample());
  Progress progress("verifying", samples.size());
  std::vector<std::vector<Tallies>> batches(batch_count(samples.size(), bounded));
  const LoaderReport loaded = for_each_batch(samples, bounded, [&](int, const Batch& batch) {
    batches[batch.index] = verification.run(batch);
    progress.advance(batch.samples.size());
  });
  const std::vector<Tallies> tallies =
      summed(batches, kForms - 1 + machines.size(), exact.model.ops.size());
  report.images = loaded.images;
  report.skipped = loaded.skipped;
  report.pairs.push_back(pair_of({"fake-quant", "exact"}, tallies[0], exact.model));
  judge_fake_quant(report.pairs.back(), tallies[0], exact, options);
  FormPair integers = pair_of({"exact", "engine"}, tallies[1], exact.model);
  if (changed) {
    integers.first_layer = changed->layer;
    integers.cause = changed->sentence;
  } else if (integers.differing > 0) {
    integers.cause = "the numbers are the same: schedule, memory or kernel differ";
  }
  integers.holds = integers.differing == 0 && !changed;
  report.pairs.push_back(std::move(integers));
  for (std::size_t i = 0; i < machines.size(); ++i) {
    const std::string form = fmt::format("c on {}", to_string(machines[i]));
    FormPair& pair =
        report.pairs.emplace_back(pair_of({"engine", form}, tallies[kForms - 1 + i], exact.model));
    pair.holds = pair.differing == 0;
  }
  return report;
}

}  // namespace quern
