#include "quern/importers/tflite/blocks.h"

#include <set>

#include "quern/base/error.h"
#include "quern/importers/moved_blocks.h"
#include "quern/importers/tflite/tensors.h"
#include "quern/importers/tflite/values.h"
#include "tflite_generated.h"

namespace quern {
namespace {

using tflite::BuiltinOperator;

class BlockJoiner {
 public:
  explicit BlockJoiner(TfliteModel& model)
      : model_(model), producers_(model.tensors.size(), nullptr), readers_(model.tensors.size()) {
    for (TfliteOperator& table : model.operators) {
      for (const int output : table.outputs) producers_.at(index(output)) = &table;
      for (const int input : table.inputs) {
        if (input >= 0) ++readers_.at(index(input));
      }
    }
    for (const int output : model.outputs) ++readers_.at(index(output));
  }

  void run() {
    for (TfliteOperator& table : model_.operators) {
      if (table.op == BuiltinOperator::BATCH_TO_SPACE_ND && !table.outputs.empty()) join(table);
    }
    std::erase_if(model_.operators,
                  [&](const TfliteOperator& table) { return joined_.contains(&table); });
  }

 private:
  static std::size_t index(int position) { return static_cast<std::size_t>(position); }

  /// What computes input `i`; null for constants and inputs of the network.
  TfliteOperator* producer(const TfliteOperator& table, std::size_t i) const {
    const bool is_given = i < table.inputs.size() && table.inputs[i] >= 0;
    return is_given ? producers_.at(index(table.inputs[i])) : nullptr;
  }

  bool is_read_once(const TfliteOperator& table) const {
    return table.outputs.size() == 1 && readers_.at(index(table.outputs[0])) == 1;
  }

  /// The elements of a constant; none where it is computed.
  std::vector<std::int64_t> integers(const TfliteOperator& table, std::size_t i) {
    if (i >= table.inputs.size() || table.inputs[i] < 0) return {};
    const TfliteTensor& tensor = model_.tensors.at(index(table.inputs[i]));
    if (tensor.data.empty()) return {};
    return to_vector<std::int64_t>(read_elements(tensor, model_.budget));
  }

  void join(TfliteOperator& back) {
    TfliteOperator* const conv = producer(back, 0);
    if (conv == nullptr || !is_read_once(*conv)) return;
    if (conv->op != BuiltinOperator::CONV_2D && conv->op != BuiltinOperator::DEPTHWISE_CONV_2D) {
      return;
    }
    TfliteOperator* const space = producer(*conv, 0);
    if (space == nullptr || space->op != BuiltinOperator::SPACE_TO_BATCH_ND ||
        !is_read_once(*space) || space->inputs.empty()) {
      return;
    }
    const TfliteTensor& result = model_.tensors.at(index(back.outputs[0]));
    const TfliteTensor& computed = model_.tensors.at(index(conv->outputs[0]));
    if (result.type != computed.type || result.grid != computed.grid) return;
    with_context(
        fmt::format("layer '{}' ({})", short_name(result.name), tflite_name(back.op)), [&] {
          conv->window = dilated_window(
              {integers(*space, 1), integers(back, 1), integers(*space, 2), integers(back, 2)});
        });
    conv->inputs[0] = space->inputs[0];
    conv->outputs = back.outputs;
    joined_.insert({space, &back});
  }

  TfliteModel& model_;
  std::vector<TfliteOperator*> producers_;  ///< By tensor.
  std::set<const TfliteOperator*> joined_;  ///< That the convolutions between them stand for.
  std::vector<int> readers_;                ///< By tensor; an output of the network counts as one.
};

}  // namespace

void join_blocks(TfliteModel& model) { BlockJoiner(model).run(); }

}  // namespace quern
