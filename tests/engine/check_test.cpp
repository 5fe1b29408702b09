#include "quern/engine/check.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"

namespace quern {
namespace {

/// Changes a well-formed model and expects a sentence with `part`.
template <class Change>
void expect_refusal(const std::string& part, Change&& change) {
  IntModel model = test::every_op(1);
  change(model);
  test::expect_error(ErrorCode::kParse, part, [&] { check(model); });
}

/// The first op of a kind, and its input and output.
template <class Kind>
struct Found {
  explicit Found(IntModel& model) {
    for (IntOp& candidate : model.ops) {
      if (op == nullptr && std::holds_alternative<Kind>(candidate.kind)) op = &candidate;
    }
    kind = &std::get<Kind>(op->kind);
    input = &model.tensors.at(static_cast<std::size_t>(op->inputs[0]));
    output = &model.tensors.at(static_cast<std::size_t>(op->output));
  }

  IntOp* op = nullptr;
  Kind* kind = nullptr;
  IntTensor* input = nullptr;
  IntTensor* output = nullptr;
};

template <class Kind, class Change>
void expect_op_refusal(const std::string& part, Change&& change) {
  expect_refusal(part, [&](IntModel& model) {
    Found<Kind> found(model);
    change(found);
  });
}

TEST(Check, AcceptsEveryOp) { check(test::every_op(1)); }

TEST(Check, NamesOpAndLayer) {
  expect_op_refusal<IntConv>("op 1 of layer 'layer1': its padding holds 256, which is no code of 8",
                             [](auto& found) { found.kind->padding = 256; });
}

TEST(Check, HoldsTensorsToTheirDomains) {
  const auto expect = [](const std::string& part, auto&& change) {
    expect_refusal(part, [&](IntModel& model) { change(model.tensors[2]); });
  };
  expect("tensor 't2': its height is 0, expected 1 to 65535", [](auto& t) { t.height = 0; });
  expect("its number of channels is 70000", [](auto& t) { t.channels = 70000; });
  expect("it has 3 bits, expected 8, 4, 2 or 32", [](auto& t) { t.bits = 3; });
  expect("it has 2 scales for 6 channels", [](auto& t) { t.scale = {1, 1}; });
  expect("it has the scale 0, expected one above 0", [](auto& t) { t.scale = {0}; });
  expect("its zero point is 40000", [](auto& t) { t.zero_point = 40000; });
  expect("another tensor has the same name", [](auto& t) { t.name = "t1"; });
  expect("more than 2147483647 bytes", [](auto& t) { t.height = t.width = 65535; });
  expect_refusal("expected 0 for 32 bits",
                 [](IntModel& model) { model.tensors.at(14).zero_point = 1; });
}

TEST(Check, HoldsTheGraphTogether) {
  expect_refusal("tensor 99 does not exist, there are 15",
                 [](IntModel& model) { model.ops[0].inputs[0] = 99; });
  expect_refusal("tensor 2 is read before it is computed",
                 [](IntModel& model) { model.ops[0].inputs[0] = 2; });
  expect_refusal("tensor 1 has two producers", [](IntModel& model) { model.ops[1].output = 1; });
  expect_refusal("tensor 14 is neither an input nor computed by an op", [](IntModel& model) {
    model.ops.pop_back();
    model.outputs = {0};
  });
  expect_refusal("the network has 1 inputs and 0 outputs",
                 [](IntModel& model) { model.outputs.clear(); });
  expect_refusal("input 't0' has 4 bits, expected 8 for pixels",
                 [](IntModel& model) { model.tensors[0].bits = 4; });
}

TEST(Check, HoldsConvolutionsToTheirShapes) {
  const auto expect = [](const std::string& part, auto&& change) {
    expect_op_refusal<IntConv>(part, change);
  };
  expect("it has 2 inputs, expected 1", [](auto& found) { found.op->inputs.push_back(0); });
  expect("2 groups do not divide 3 and 6 channels", [](auto& found) { found.kind->groups = 2; });
  expect("its window has 0, expected 1 to", [](auto& f) { f.kind->window.stride_width = 0; });
  expect("its window has the padding -1", [](auto& f) { f.kind->window.top = -1; });
  expect("its window reaches further",
         [](auto& f) { f.kind->window.height = f.kind->window.dilation_height = 65535; });
  expect("its weights have 5 channels in 1 groups, expected 6 in 1",
         [](auto& found) { found.kind->weights.channels = 5; });
  expect("a channel has 26 weights, expected 27", [](auto& f) { f.kind->weights.depth = 26; });
  expect("its weights have 3 bits", [](auto& found) { found.kind->weights.bits = 3; });
  expect("it has 41 words of weights, expected 42",
         [](auto& f) { f.kind->weights.words.pop_back(); });
  expect("it has 1 zeros for 6 channels", [](auto& found) { found.kind->weights.zero = {1}; });
  expect("it has 2 weight scales for 6 channels", [](auto& f) { f.kind->weight_scale = {1, 1}; });
  expect("it has 5 biases for 6 channels", [](auto& found) { found.kind->bias.pop_back(); });
  expect("which int32 does not hold", [](auto& f) { f.kind->bias[3] = 2147483000; });
}

TEST(Check, HoldsRequantizationToItsDomain) {
  const auto expect = [](const std::string& part, auto&& change) {
    expect_op_refusal<IntConv>(part, [&](auto& found) { change(found.kind->requantization); });
  };
  expect("its smallest code 9 is above its largest 8", [](auto& to) { to.low = 9, to.high = 8; });
  expect("its codes go from 0 to 256, which 8 bits do not hold", [](auto& to) { to.high = 256; });
  expect("it has 5 multipliers, expected 1 or 6", [](auto& to) { to.multiplier.pop_back(); });
  expect("it has 5 shifts for 6 multipliers", [](auto& to) { to.shift.pop_back(); });
  expect("it has the shift 63, expected 1 to 62", [](auto& to) { to.shift[0] = 63; });
  expect("it has 5 remainders for 6", [](auto& to) { to.remainder.pop_back(); });
  expect("the remainder 1073741825", [](auto& to) { to.remainder[0] = (1 << 30) + 1; });
  expect("it has 1 largest codes for 6", [](auto& to) { to.highest = {1}; });
  expect("it has the largest code 9, expected 10 to", [](auto& to) {
    to.low = 10;
    to.highest = {10, 10, 9, 10, 10, 10};
  });
  expect("but accumulators have 32", [](auto& to) { to.rounding = kQuernAccumulator; });
}

TEST(Check, HoldsThresholdsToTheirOrder) {
  const auto expect = [](const std::string& part, auto&& change) {
    expect_refusal(part, [&](IntModel& model) {
      change(std::get<IntConv>(model.ops[7].kind).requantization);
    });
  };
  expect("neither 1 nor -1", [](auto& to) { to.multiplier[0] = 2; });
  expect("it has 14 thresholds, expected 3 for each of 5",
         [](auto& to) { to.thresholds.pop_back(); });
  expect("the thresholds of entry 1 do not ascend", [](auto& to) { to.thresholds[4] = INT32_MIN; });
  expect_refusal("thresholds make codes", [](IntModel& model) {
    std::get<IntConv>(model.ops.back().kind).requantization.rounding = kQuernThresholds;
    std::get<IntConv>(model.ops.back().kind).requantization.multiplier = {1};
  });
}

TEST(Check, HoldsOtherOpsToTheirShapes) {
  expect_op_refusal<IntMaxPool>("its input has 2 bits and its output 4",
                                [](auto& found) { found.output->bits = 4; });
  expect_op_refusal<IntMaxPool>("its window at row 2 lies in the padding",
                                [](auto& found) { found.kind->window.stride_height = 3; });
  expect_op_refusal<IntMaxPool>("its window at column 0 lies in the padding",
                                [](auto& found) { found.kind->window.left = 2; });
  expect_op_refusal<IntAveragePool>("it has 8 multipliers, expected 1 or 9", [](auto& found) {
    found.kind->requantization.multiplier.pop_back();
  });
  expect_op_refusal<IntAveragePool>("an average has no thresholds", [](auto& found) {
    found.kind->requantization.rounding = kQuernThresholds;
  });
  expect_op_refusal<IntAdd>("its input is 5x6x6, its output 5x6x5",
                            [](auto& found) { found.output->channels = 5; });
  expect_op_refusal<IntAdd>("which int32 does not hold",
                            [](auto& found) { found.kind->factor_a = 1 << 24; });
  expect_op_refusal<IntAffine>("it has 5 factors for 6 channels",
                               [](auto& found) { found.kind->factor.pop_back(); });
  expect_op_refusal<IntAffine>("which int32 does not hold",
                               [](auto& found) { found.kind->factor[0] = 1 << 24; });
  expect_op_refusal<IntLookup>("its table has 767 codes, expected 256 or",
                               [](auto& found) { found.kind->table.pop_back(); });
  expect_op_refusal<IntLookup>("its table holds", [](auto& found) { found.output->bits = 4; });
  expect_op_refusal<IntConcat>("its inputs have 10 channels together, its output 9",
                               [](auto& found) { found.output->channels = 9; });
  expect_op_refusal<IntConcat>("input 0 is 5x6 of 2 bits, its output 5x7 of 2",
                               [](auto& found) { found.output->width = 7; });
  expect_op_refusal<IntPad>("its value holds 4, which is no code of 2 bits",
                            [](auto& found) { found.kind->value = 4; });
  expect_op_refusal<IntPad>("its margins are 70000 and -1",
                            [](auto& found) { found.kind->top = 70000; });
  expect_op_refusal<IntResize>("its rows do not lead 5 rows to 3",
                               [](auto& found) { found.kind->row[0] = 3; });
  expect_op_refusal<IntResize>("its columns do not lead 6 columns to 3",
                               [](auto& found) { found.kind->column.pop_back(); });
}

TEST(Check, HoldsTheScheduleToTheOrderOfRows) {
  expect_refusal("step 0 runs op 99, there are 14",
                 [](IntModel& model) { model.schedule[0].op = 99; });
  expect_refusal("step 0 computes rows 1 to 9 of op 0, expected rows from 0 on, of 9",
                 [](IntModel& model) { model.schedule[0].row_begin = 1; });
  expect_refusal("computes rows 0 to 10 of op 0",
                 [](IntModel& model) { model.schedule[0].row_end = 10; });
  expect_refusal("step 1 reads rows 0 to 9 of tensor 1, which has 8 and keeps 9",
                 [](IntModel& model) { model.schedule[0].row_end = 8; });
  expect_refusal("step 1 reads rows 0 to 9 of tensor 1, which has 9 and keeps 8",
                 [](IntModel& model) { model.memory.tensors[1].rows = 8; });
  expect_refusal("output 14 is not computed, or not kept, as a whole",
                 [](IntModel& model) { model.schedule.pop_back(); });
  expect_refusal("input 0 does not lie in memory as a whole",
                 [](IntModel& model) { model.memory.tensors[0].rows = 8; });
}

TEST(Check, HoldsPlacesToTheArena) {
  const auto expect = [](const std::string& part, auto&& change) {
    expect_refusal(part, [&](IntModel& model) { change(model.memory); });
  };
  expect("the arena has -1 bytes", [](auto& memory) { memory.arena_bytes = -1; });
  expect("memory is planned for 14 tensors", [](auto& memory) { memory.tensors.pop_back(); });
  expect("it lies at offset 8, expected a multiple of 16",
         [](auto& memory) { memory.tensors[0].offset = 8; });
  expect("leave the arena of 16 bytes", [](auto& memory) { memory.arena_bytes = 16; });
  expect("it keeps 0 rows of 9", [](auto& memory) { memory.tensors[0].rows = 0; });
  expect("a pixel takes 3 bytes, not 2", [](auto& memory) { memory.tensors[0].pixel_bytes = 2; });
  expect("11 pixels of 3 bytes do not fit a row of 32",
         [](auto& memory) { memory.tensors[0].row_bytes = 32; });
  expect("scratch memory of op 1: it lies at offset -16",
         [](auto& memory) { memory.scratch[1] = -16; });
  expect("is still in use", [](auto& memory) {
    memory.tensors[1].offset = memory.tensors[0].offset;
    memory.tensors[1].pixel_bytes = 3;
    memory.tensors[2].offset = memory.tensors[1].offset;
  });
  expect("is still in use", [](auto& memory) { memory.scratch[1] = memory.tensors[1].offset; });
}

TEST(Check, OfOpsNeedsNoPlan) {
  IntModel model = test::every_op(1);
  model.schedule.clear();
  model.memory = {};
  check_ops(model);
}

}  // namespace
}  // namespace quern
