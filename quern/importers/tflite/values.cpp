#include "quern/importers/tflite/values.h"

#include <algorithm>
#include <numeric>

#include "quern/base/error.h"
#include "quern/importers/tflite/quant.h"
#include "quern/importers/tflite/tensors.h"
#include "tflite_generated.h"

namespace quern {
namespace {

using tflite::TensorType;

std::size_t index(int position) { return static_cast<std::size_t>(position); }

}  // namespace

std::string short_name(const std::string& name) { return name.substr(0, name.find(';')); }

void TfliteValues::start() {
  values_.resize(model_.tensors.size());
  quantizers_.resize(model_.tensors.size());
  is_output_.resize(model_.tensors.size());
  for (const int position : model_.outputs) is_output_.at(index(position)) = true;
  sources_.resize(model_.tensors.size());
  std::iota(sources_.begin(), sources_.end(), 0);
  grid_classes_ = sources_;
}

const TfliteTensor& TfliteValues::tensor(int position) const {
  return model_.tensors.at(index(position));
}

int TfliteValues::grid_class(int position) {
  while (grid_classes_.at(index(position)) != position) {
    int& next = grid_classes_[index(position)];
    next = grid_classes_[index(next)];  // Halves the way of the next search.
    position = next;
  }
  return position;
}

void TfliteValues::share_grid(int a, int b) {
  if (!tensor(a).grid || tensor(a).type != tensor(b).type || tensor(a).grid != tensor(b).grid) {
    return;
  }
  const auto [first, second] = std::minmax({grid_class(a), grid_class(b)});
  grid_classes_[index(second)] = first;
}

bool TfliteValues::have_one_grid(int a, int b) {
  return tensor(b).grid.has_value() && grid_class(source(a)) == grid_class(source(b));
}

std::optional<QuantizerId> TfliteValues::quantizer(int position) {
  const int standing = grid_class(source(position));
  QuantizerId& known = quantizers_.at(index(standing));
  if (known) return known;
  const TfliteTensor& found = tensor(standing);
  return with_context(fmt::format("tensor '{}'", found.name), [&]() -> std::optional<QuantizerId> {
    const std::optional<QuantSpec> spec = code_spec(found.type);
    if (!spec && found.grid && found.type == TensorType::INT32) {
      fail(ErrorCode::kUnsupported, "it holds INT32 codes (supported: up to 16 bits)");
    }
    if (!spec) return std::nullopt;
    if (!found.grid) {
      fail(ErrorCode::kParse, "it holds {} codes without a scale", tflite_name(found.type));
    }
    if (found.grid->scale.size() > 1) {
      fail(ErrorCode::kUnsupported, "it has {} scales (supported: one, except for weights)",
           found.grid->scale.size());
    }
    known = add_quantizer(graph_, short_name(found.name) + ".", *spec, *found.grid);
    return known;
  });
}

ValueId TfliteValues::value(int position) {
  const int origin = source(position);
  ValueId& known = values_.at(index(origin));
  if (known) return known;
  const std::string& name = tensor(origin).name;
  if (!is_constant(origin)) {
    fail(ErrorCode::kParse, "it reads tensor '{}', which nothing before it computes", name);
  }
  const std::optional<QuantizerId> grid = quantizer(origin);
  known = graph_.add_constant(name, constant(origin));
  if (grid) known = add_quant(graph_, known, *grid, short_name(name) + ".quant");
  return known;
}

Tensor TfliteValues::codes(int position) {
  const TfliteTensor& found = tensor(source(position));
  if (found.data.empty()) {
    fail(ErrorCode::kUnsupported, "it reads tensor '{}', which is computed (supported: a constant)",
         found.name);
  }
  return read_elements(found, model_.budget);
}

Tensor TfliteValues::constant(int position) {
  const Tensor stored = codes(position);
  const std::optional<TfliteGrid>& grid = tensor(source(position)).grid;
  return grid && stored.dtype() != DType::kFloat32 ? dequantized(stored, *grid) : stored;
}

void TfliteValues::add_input(int position) {
  const TfliteTensor& input = tensor(position);
  const std::optional<QuantizerId> grid = quantizer(position);
  if (!grid && input.type != TensorType::FLOAT32) {
    fail(ErrorCode::kUnsupported,
         "input '{}' has the type {} (supported: FLOAT32, and INT8, UINT8 and INT16 with a scale)",
         input.name, tflite_name(input.type));
  }
  const ValueId value = graph_.add_input(input.name, DType::kFloat32, input.dims);
  const std::string layer = short_name(input.name) + ".quant";
  define(position, grid ? add_quant(graph_, value, *grid, layer) : value);
}

void TfliteValues::define(int position, ValueId value) {
  check_undefined(position);
  values_[index(position)] = value;
}

void TfliteValues::define_as(int position, int other) {
  check_undefined(position);
  sources_[index(position)] = source(other);
}

void TfliteValues::check_undefined(int position) const {
  const bool is_free = sources_.at(index(position)) == position && !values_[index(position)] &&
                       tensor(position).data.empty();
  if (is_free) return;
  fail(ErrorCode::kParse, "it computes tensor '{}', which is defined already",
       tensor(position).name);
}

}  // namespace quern
