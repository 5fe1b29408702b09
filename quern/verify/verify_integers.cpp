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

/// Pairs of forms in the order of the report; those of engine and C follow them.
enum Pair : std::size_t { kFakeQuant, kEngine, kFloat32, kC };

class Verification {
 public:
  Verification(const Graph& graph, const IntModel& exact, const IntModel& engine,
               const LoaderOptions& loader, const std::vector<CMachine>& machines)
      : graph_(graph),
        exact_(exact),
        fake_quant_(graph, {.taps = tapped(graph, exact), .sums = SumMode::kExact}),
        float32_(graph, {.taps = tapped(graph, exact)}),
        input_(exact, loader.preprocessing),
        engine_(engine, loader.preprocessing) {
    for (const CMachine machine : machines) {
      programs_.push_back(std::make_unique<CProgram>(engine, machine));
    }
  }

  std::int64_t bytes_per_sample() const {
    std::int64_t elements = 0;
    for (const IntTensor& tensor : exact_.tensors) {
      elements += std::int64_t{tensor.height} * tensor.width * tensor.channels;
    }
    const auto codes = static_cast<std::int64_t>(sizeof(Integers::value_type)) * elements;
    return fake_quant_.bytes_per_sample() + engine_.bytes_per_sample() + 2 * codes;
  }

  /// What the pictures of a batch add to each pair of forms.
  std::vector<Tallies> run(const Batch& batch) const {
    std::vector<OpRunner> runners;
    for (const IntOp& op : exact_.ops) runners.emplace_back(exact_, op);
    std::vector<Tallies> tallies(kC + programs_.size(), Tallies(exact_.ops.size()));
    const auto pixels = batch.images.data<float>();
    const std::size_t size = pixels.size() / batch.samples.size();
    std::vector<Values> exact;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      exact.push_back(compare_engine(pixels.subspan(i * size, size), runners, tallies));
    }
    compare_layers(fake_quant_, batch, exact, runners, tallies[kFakeQuant]);
    compare_layers(float32_, batch, exact, runners, tallies[kFloat32]);
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

  /// Per picture, what a fake-quant run computes on the grids that are tensors.
  std::vector<Values> codes_of(const Plan& plan, const Batch& batch) const {
    std::vector<Values> all(batch.samples.size(), Values(exact_.tensors.size()));
    plan.run({batch.images}, [&](ValueId id, const TensorView& view) {
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

  static Integers compute(const IntOp& op, OpRunner& runner, const Values& values) {
    std::vector<const Integers*> inputs;
    for (const TensorIndex input : op.inputs) {
      inputs.push_back(&values[static_cast<std::size_t>(input)]);
    }
    return runner.run(inputs);
  }

  /// Holds every layer against what a fake-quant run made of the same codes.
  /// @param exact  Of each picture, from the pixels on: what is known of these codes already.
  void compare_layers(const Plan& plan, const Batch& batch, const std::vector<Values>& exact,
                      std::vector<OpRunner>& runners, Tallies& tallies) const {
    std::vector<Values> shown = codes_of(plan, batch);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      Values& values = shown[i];
      values[input_tensor()] = exact[i][input_tensor()];
      for (std::size_t op = 0; op < exact_.ops.size(); ++op) {
        const std::vector<TensorIndex>& inputs = exact_.ops[op].inputs;
        const auto output = static_cast<std::size_t>(exact_.ops[op].output);
        const bool is_known = std::ranges::all_of(inputs, [&](TensorIndex input) {
          return values[static_cast<std::size_t>(input)] ==
                 exact[i][static_cast<std::size_t>(input)];
        });
        const Integers computed =
            is_known ? exact[i][output] : compute(exact_.ops[op], runners[op], values);
        if (values[output].empty()) {
          values[output] = computed;
        } else {
          tallies[op].add(computed, values[output]);
        }
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

  /// Holds the engine against exact, and C against the engine. @return what exact computes.
  Values compare_engine(std::span<const float> picture, std::vector<OpRunner>& runners,
                        std::vector<Tallies>& tallies) const {
    const std::vector<std::uint8_t> given = input_.of(picture);
    const std::vector<Integers> engine = engine_integers(picture);
    Values values(exact_.tensors.size());
    values[input_tensor()].assign(given.begin(), given.end());
    for (std::size_t i = 0; i < exact_.ops.size(); ++i) {
      Integers& computed = values[static_cast<std::size_t>(exact_.ops[i].output)];
      computed = compute(exact_.ops[i], runners[i], values);
      tallies[kEngine][i].add(computed, engine[i]);
    }
    for (std::size_t c = 0; c < programs_.size(); ++c) {
      const std::vector<Integers> computed = programs_[c]->run(given);
      for (std::size_t i = 0; i < engine.size(); ++i)
        tallies[kC + c][i].add(computed[i], engine[i]);
    }
    return values;
  }

  const Graph& graph_;
  const IntModel& exact_;
  Plan fake_quant_;
  Plan float32_;
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

void judge_engine(FormPair& pair, const std::optional<ModelDifference>& altered) {
  pair.holds = pair.differing == 0 && !altered;
  if (altered) {
    pair.first_layer = altered->layer;
    pair.cause = altered->sentence;
  } else if (pair.differing > 0) {
    pair.cause = "the numbers are the same: schedule, memory or kernel differ";
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
  VerifyReport report{.altered = find_difference(model, exact.model)};
  if (report.altered && model.ops.size() != exact.model.ops.size()) {
    report.pairs = {{.forms = {"exact", "engine"}}};
    judge_engine(report.pairs[0], report.altered);
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
  report.images = loaded.images;
  report.skipped = loaded.skipped;
  const std::vector<Tallies> tallies =
      summed(batches, kC + machines.size(), exact.model.ops.size());
  const auto add = [&](std::string form, std::string other) -> FormPair& {
    const Tallies& of = tallies[report.pairs.size()];
    return report.pairs.emplace_back(pair_of({std::move(form), std::move(other)}, of, exact.model));
  };
  judge_fake_quant(add("fake-quant", "exact"), tallies[kFakeQuant], exact, options);
  judge_engine(add("exact", "engine"), report.altered);
  judge_fake_quant(add("fake-quant float32", "exact"), tallies[kFloat32], exact, options);
  for (const CMachine machine : machines) {
    FormPair& pair = add("engine", fmt::format("c on {}", to_string(machine)));
    pair.holds = pair.differing == 0;
  }
  return report;
}

}  // namespace quern
