#include "quern/importers/tflite/model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "quern/base/error.h"
#include "quern/importers/utf8.h"
#include "tflite_generated.h"

namespace quern {
namespace {

/// Decoded bytes that a byte of the file may stand for: two int4 weights, each read twice as four
/// bytes, and as much again for what graph and names add.
constexpr std::size_t kMostExpansion = 32;
/// Allowed to every file, so that small ones need no care.
constexpr std::size_t kFreeBytes = std::size_t{1} << 20;
/// What an element of an operator's lists becomes: a node at worst.
constexpr std::size_t kBytesOfListElement = 64;

const tflite::Model& verified(std::span<const std::byte> bytes) {
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    fail(ErrorCode::kUnsupported, "the file has {} bytes (supported: up to {})", bytes.size(),
         FLATBUFFERS_MAX_BUFFER_SIZE);
  }
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  if (bytes.empty() || !tflite::VerifyModelBuffer(verifier)) {
    fail(ErrorCode::kParse,
         "not a TFLite model: its {} bytes are damaged, cut off or of another format",
         bytes.size());
  }
  return *tflite::GetModel(data);
}

/// A list that the file leaves out is empty.
template <class Vector>
std::size_t size_of(const Vector* vector) {
  return vector == nullptr ? 0 : vector->size();
}

class ModelReader {
 public:
  explicit ModelReader(std::span<const std::byte> bytes)
      : file_(verified(bytes)), model_{.budget = DecodingBudget(bytes.size())} {}

  TfliteModel run() {
    constexpr std::uint32_t kVersion = 3;
    if (file_.version() != kVersion) {
      fail(ErrorCode::kUnsupported, "it has version {} of the format (supported: {})",
           file_.version(), kVersion);
    }
    if (size_of(file_.subgraphs()) != 1) {
      fail(ErrorCode::kUnsupported,
           "it holds {} graphs (supported: one; control flow and several signatures are not read)",
           size_of(file_.subgraphs()));
    }
    const tflite::SubGraph& graph = *file_.subgraphs()->Get(0);
    model_.name = text(graph.name(), "the graph");
    read_tensors(graph);
    const std::string where = "the network";
    model_.inputs = positions(graph.inputs(), false, where);
    model_.outputs = positions(graph.outputs(), false, where);
    for (std::uint32_t i = 0; i < size_of(graph.operators()); ++i) {
      read_operator(*graph.operators()->Get(i), i);
    }
    return std::move(model_);
  }

 private:
  std::string text(const flatbuffers::String* string, std::string_view what) {
    if (string == nullptr) return {};
    model_.budget.spend(string->size(), 1);
    require_utf8(string->string_view(), what);
    return string->str();
  }

  void read_tensors(const tflite::SubGraph& graph) {
    model_.budget.spend(size_of(graph.tensors()), sizeof(TfliteTensor));
    for (std::uint32_t i = 0; i < size_of(graph.tensors()); ++i) {
      const tflite::Tensor& table = *graph.tensors()->Get(i);
      TfliteTensor tensor{.name = text(table.name(), "a tensor"), .type = table.type()};
      if (tensor.name.empty()) tensor.name = fmt::format("tensor_{}", i);
      with_context(fmt::format("tensor '{}'", tensor.name), [&] { fill(tensor, table); });
      model_.tensors.push_back(std::move(tensor));
    }
  }

  void fill(TfliteTensor& tensor, const tflite::Tensor& table) {
    if (table.is_variable()) {
      fail(ErrorCode::kUnsupported, "it keeps a state from run to run (supported: none that do)");
    }
    if (table.sparsity() != nullptr) {
      fail(ErrorCode::kUnsupported, "it is stored sparsely (supported: dense tensors)");
    }
    tensor.dims = dims_of(table);
    tensor.data = data_of(table);
    if (const auto* quantization = table.quantization()) {
      tensor.grid = grid_of(*quantization, tensor.dims);
    }
  }

  /// A free extent is −1 in the signature, and something small in the shape.
  Dims dims_of(const tflite::Tensor& table) {
    const std::size_t rank = size_of(table.shape());
    const bool has_signature = rank > 0 && size_of(table.shape_signature()) == rank;
    const auto* extents = has_signature ? table.shape_signature() : table.shape();
    model_.budget.spend(rank, sizeof(Dim));
    Dims dims;
    for (std::uint32_t i = 0; i < rank; ++i) {
      const std::int32_t extent = extents->Get(i);
      if (extent >= 0) {
        dims.push_back({extent, ""});
      } else {
        dims.push_back({-1, i == 0 ? "N" : ""});
      }
    }
    return dims;
  }

  std::span<const std::uint8_t> data_of(const tflite::Tensor& table) const {
    if (table.buffer() >= size_of(file_.buffers())) {
      fail(ErrorCode::kParse, "it lies in buffer {}, but the file has {}", table.buffer(),
           size_of(file_.buffers()));
    }
    const tflite::Buffer& buffer = *file_.buffers()->Get(table.buffer());
    if (buffer.offset() > 1) {
      fail(ErrorCode::kUnsupported,
           "its elements lie behind the tables, as in files above 2 GiB (supported: within them)");
    }
    if (buffer.data() == nullptr) return {};
    return {buffer.data()->data(), buffer.data()->size()};
  }

  /// None where there is no scale: converters write an empty table for float tensors.
  std::optional<TfliteGrid> grid_of(const tflite::QuantizationParameters& table, const Dims& dims) {
    if (table.details_type() != tflite::QuantizationDetails::NONE) {
      fail(ErrorCode::kUnsupported,
           "it is quantized in another way than by scale and zero point (supported: these, per "
           "tensor or per channel)");
    }
    const std::size_t count = size_of(table.scale());
    if (count == 0) return std::nullopt;
    model_.budget.spend(count, sizeof(float) + sizeof(std::int32_t));
    TfliteGrid grid;
    grid.scale.assign(table.scale()->begin(), table.scale()->end());
    for (const float scale : grid.scale) {
      if (!(std::isfinite(scale) && scale > 0)) {
        fail(ErrorCode::kParse, "a scale is {}, expected a finite number above 0", scale);
      }
    }
    grid.zero_point = zero_points_of(table);
    if (count == 1) return grid;
    const std::int32_t axis = table.quantized_dimension();
    if (axis < 0 || axis >= std::ssize(dims) ||
        dims[static_cast<std::size_t>(axis)].size != static_cast<std::int64_t>(count)) {
      fail(ErrorCode::kParse, "it has {} scales along axis {} of its shape {}", count, axis,
           to_string(dims));
    }
    grid.axis = static_cast<std::size_t>(axis);
    return grid;
  }

  static std::vector<std::int32_t> zero_points_of(const tflite::QuantizationParameters& table) {
    const std::size_t count = table.scale()->size();
    if (size_of(table.zero_point()) == 0) return std::vector<std::int32_t>(count, 0);
    if (table.zero_point()->size() != count) {
      fail(ErrorCode::kParse, "it has {} zero points for {} scales", table.zero_point()->size(),
           count);
    }
    // FlatBuffers verify that a list is aligned to the 4 bytes of its length only.
    std::vector<std::int64_t> stored(count);
    std::memcpy(stored.data(), table.zero_point()->Data(), count * sizeof(std::int64_t));
    std::vector<std::int32_t> zero_points;
    for (const std::int64_t zero_point : stored) {
      constexpr std::int64_t kLimit = std::numeric_limits<std::int16_t>::max();
      if (zero_point < -kLimit - 1 || zero_point > kLimit) {
        fail(ErrorCode::kParse, "a zero point is {}, expected a code", zero_point);
      }
      zero_points.push_back(static_cast<std::int32_t>(zero_point));
    }
    return zero_points;
  }

  /// A list of positions among the tensors.
  std::vector<int> positions(const flatbuffers::Vector<std::int32_t>* list, bool may_omit,
                             const std::string& owner) {
    if (list == nullptr) return {};
    model_.budget.spend(list->size(), kBytesOfListElement);
    for (const std::int32_t position : *list) {
      const bool is_omitted = may_omit && position == -1;
      if (is_omitted || (position >= 0 && position < std::ssize(model_.tensors))) continue;
      fail(ErrorCode::kParse, "{} names tensor {}, but the file has {}", owner, position,
           model_.tensors.size());
    }
    return {list->begin(), list->end()};
  }

  void read_operator(const tflite::Operator& table, std::uint32_t index) {
    const std::string where = fmt::format("operator {}", index);
    if (table.opcode_index() >= size_of(file_.operator_codes())) {
      fail(ErrorCode::kParse, "{} has the op code {}, but the file has {}", where,
           table.opcode_index(), size_of(file_.operator_codes()));
    }
    const tflite::OperatorCode& code = *file_.operator_codes()->Get(table.opcode_index());
    // Old files know only the narrow field, of which new files leave at most 127.
    const auto old = static_cast<tflite::BuiltinOperator>(code.deprecated_builtin_code());
    model_.operators.push_back({.op = std::max(code.builtin_code(), old),
                                .custom = text(code.custom_code(), "a custom op"),
                                .options = &table,
                                .inputs = positions(table.inputs(), true, where),
                                .outputs = positions(table.outputs(), false, where)});
  }

  const tflite::Model& file_;
  TfliteModel model_;
};

}  // namespace

DecodingBudget::DecodingBudget(std::size_t file_bytes)
    : left_(kFreeBytes + kMostExpansion * file_bytes) {}

void DecodingBudget::spend(std::size_t count, std::size_t bytes_each) {
  if (count > left_ / bytes_each) {
    fail(ErrorCode::kParse,
         "its tables share parts so often that it stands for more than {} times its size",
         kMostExpansion);
  }
  left_ -= count * bytes_each;
}

std::string tflite_name(tflite::BuiltinOperator op) {
  const std::string name = tflite::EnumNameBuiltinOperator(op);
  return name.empty() ? fmt::format("op {}", static_cast<int>(op)) : name;
}

std::string tflite_name(tflite::TensorType type) {
  const std::string name = tflite::EnumNameTensorType(type);
  return name.empty() ? fmt::format("type {}", static_cast<int>(type)) : name;
}

TfliteModel read_tflite_model(std::span<const std::byte> bytes) { return ModelReader(bytes).run(); }

}  // namespace quern
