#include "quern/exporters/internal/c_ops.h"

#include <fmt/format.h>

#include <variant>

#include "quern/engine/kernel_args.h"
#include "quern/exporters/internal/c_kernels.h"
#include "quern/exporters/internal/c_text.h"

namespace quern::internal {
namespace {

constexpr const char* kTypes[] = {"int32_t", "uint32_t", "int16_t", "uint16_t", "uint8_t"};
const char* type_of(std::int32_t) { return kTypes[0]; }
const char* type_of(std::uint32_t) { return kTypes[1]; }
const char* type_of(std::int16_t) { return kTypes[2]; }
const char* type_of(std::uint16_t) { return kTypes[3]; }
const char* type_of(std::uint8_t) { return kTypes[4]; }

/// Writes an op whose kind is the argument: its numbers as arrays, what its kernel reads as a
/// struct that points to them, and the call.
class OpWriter {
 public:
  OpWriter(const IntModel& model, std::size_t index, COps& to)
      : model_(model),
        op_(model.ops[index]),
        index_(index),
        name_(fmt::format("op{}_{}", index, identifier(op_.layer))),
        // Ends as no public name does: with the prefix op0, `op0_run` would be one.
        args_(name_ + "_args"),
        to_(to) {}

  void operator()(const IntConv& conv) {
    const QuernConv args = conv_args(model_, op_);
    const std::string weights = initializer({{"bits", number(args.weights.bits)},
                                             {"depth", number(args.weights.depth)},
                                             {"words", number(args.weights.words)},
                                             {"packed", array("weights", conv.weights.words)},
                                             {"zero", array("zero", conv.weights.zero)}},
                                            4);
    define("QuernConv", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"window", initializer(args.window)},
            {"groups", number(args.groups)},
            {"padding", number(args.padding)},
            {"weights", weights},
            {"bias", array("bias", conv.bias)},
            {"requantize", requantize(args.requantize, conv.requantization)}});
    call(conv_kernel_name(model_, op_),
         fmt::format("{}, {}", place(op_.inputs[0]), output()) +
             fmt::format(", arena + {}", model_.memory.scratch[index_]));
  }

  void operator()(const IntMaxPool&) {
    const QuernPool args = max_pool_args(model_, op_);
    define("QuernPool", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"window", initializer(args.window)}});
    call_plain("quern_max_pool");
  }

  void operator()(const IntAveragePool& pool) {
    const QuernPool args = average_pool_args(model_, op_);
    define("QuernPool", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"window", initializer(args.window)},
            {"zero_point", number(args.zero_point)},
            {"requantize", requantize(args.requantize, pool.requantization)}});
    call_plain("quern_average_pool");
  }

  void operator()(const IntAdd& add) {
    const QuernAdd args = add_args(model_, op_);
    define("QuernAdd", args_,
           {{"a", initializer(args.a)},
            {"b", initializer(args.b)},
            {"output", initializer(args.output)},
            {"factor_a", number(args.factor_a)},
            {"factor_b", number(args.factor_b)},
            {"bias", number(args.bias)},
            {"requantize", requantize(args.requantize, add.requantization)}});
    call("quern_add",
         fmt::format("{}, {}, {}", place(op_.inputs[0]), place(op_.inputs[1]), output()));
  }

  void operator()(const IntAffine& affine) {
    const QuernAffine args = affine_args(model_, op_);
    define("QuernAffine", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"factor", array("factor", affine.factor)},
            {"bias", array("bias", affine.bias)},
            {"requantize", requantize(args.requantize, affine.requantization)}});
    call_plain("quern_affine");
  }

  void operator()(const IntLookup& lookup) {
    const QuernLookup args = lookup_args(model_, op_);
    define("QuernLookup", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"stride", number(args.stride)},
            {"table", array("table", lookup.table)}});
    call_plain("quern_lookup");
  }

  void operator()(const IntConcat&) {
    for (std::size_t i = 0; i < op_.inputs.size(); ++i) {
      const QuernConcat args = concat_args(model_, op_, i);
      const std::string part = fmt::format("{}_part{}", name_, i);
      define("QuernConcat", part,
             {{"input", initializer(args.input)},
              {"output", initializer(args.output)},
              {"channel", number(args.channel)}});
      call_with(part, "quern_concat", fmt::format("{}, {}", place(op_.inputs[i]), output()));
    }
    tap(name_ + "_part0");
  }

  void operator()(const IntPad&) {
    const QuernPad args = pad_args(model_, op_);
    define("QuernPad", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"top", number(args.top)},
            {"left", number(args.left)},
            {"value", number(args.value)}});
    call_plain("quern_pad");
  }

  void operator()(const IntResize& resize) {
    const QuernResize args = resize_args(model_, op_);
    define("QuernResize", args_,
           {{"input", initializer(args.input)},
            {"output", initializer(args.output)},
            {"row", array("row", resize.row)},
            {"column", array("column", resize.column)}});
    call_plain("quern_resize");
  }

 private:
  static std::string number(std::int32_t value) { return fmt::format("{}", value); }

  std::string place(TensorIndex tensor) const {
    return fmt::format("arena + {}",
                       model_.memory.tensors[static_cast<std::size_t>(tensor)].offset);
  }
  std::string output() const { return place(op_.output); }

  /// Defines an array of the op and returns its name; "NULL" for none.
  template <class T>
  std::string array(const char* what, const std::vector<T>& values) {
    if (values.empty()) return "NULL";
    std::string name = fmt::format("{}_{}", name_, what);
    to_.constants +=
        fmt::format("MODEL_CONSTANT {} {}[] = {{\n{}}};\n", type_of(values[0]), name, list(values));
    to_.constant_bytes += static_cast<std::int64_t>(values.size() * sizeof(T));
    return name;
  }

  std::string requantize(const QuernRequantize& args, const Requantization& numbers) {
    return initializer({{"rounding", number(args.rounding)},
                        {"zero_point", number(args.zero_point)},
                        {"low", args.low == INT32_MIN ? "INT32_MIN" : number(args.low)},
                        {"high", number(args.high)},
                        {"stride", number(args.stride)},
                        {"multiplier", array("multiplier", numbers.multiplier)},
                        {"shift", array("shift", numbers.shift)},
                        {"remainder", array("remainder", numbers.remainder)},
                        {"highest", array("highest", numbers.highest)},
                        {"thresholds", array("thresholds", numbers.thresholds)}},
                       4);
  }

  void define(const char* type, const std::string& name, const Members& members) {
    to_.constants +=
        fmt::format("static const {} {} = {};\n\n", type, name, initializer(members, 0));
  }

  void call_with(const std::string& args, const std::string& kernel, const std::string& places) {
    if (!is_open_) to_.cases += fmt::format("    case {}:\n", index_);
    is_open_ = true;
    to_.cases += fmt::format("      {}(&{}, {}, begin, end);\n", kernel, args, places);
  }

  void tap(const std::string& args) {
    to_.cases +=
        fmt::format("      TAP({}, &{}.output, {})\n      break;\n", index_, args, output());
  }

  void call(const std::string& kernel, const std::string& places) {
    call_with(args_, kernel, places);
    tap(args_);
  }

  void call_plain(const std::string& kernel) {
    call(kernel, fmt::format("{}, {}", place(op_.inputs[0]), output()));
  }

  const IntModel& model_;
  const IntOp& op_;
  std::size_t index_;
  std::string name_;
  std::string args_;
  bool is_open_ = false;
  COps& to_;
};

}  // namespace

COps c_ops(const IntModel& model) {
  COps ops;
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    std::visit(OpWriter(model, i, ops), model.ops[i].kind);
  }
  return ops;
}

}  // namespace quern::internal
