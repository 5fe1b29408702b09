#include "quern/ops/node_view.h"

namespace quern {
namespace {

/// ONNX's TensorProto.DataType numbers; none for types no tensor here can have.
std::optional<DType> from_onnx(std::int64_t number) {
  switch (number) {
    case 1:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 4:
      return DType::kUint16;
    case 5:
      return DType::kInt16;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    case 11:
      return DType::kFloat64;
    case 12:
      return DType::kUint32;
    case 13:
      return DType::kUint64;
    default:
      return std::nullopt;
  }
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView cast(graph, node);
  const auto number = cast.attribute<std::int64_t>("to");
  const std::optional<DType> to = from_onnx(number);
  cast.check_supported(to.has_value(),
                       "Cast converts to ONNX type {} (supported: 1 to 7, 9, 11 to 13)", number);
  return {{*to, cast.dims(0)}};
}

}  // namespace

extern const OpDef kCast{
    .op = "Cast",
    .summary = "another element type",
    .attributes = {{"to", AttributeKind::kInt, std::nullopt, true}},
    .infer = infer,
};

}  // namespace quern
