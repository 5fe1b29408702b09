#include "quern/ptq/internal/byte_codes.h"

namespace quern::internal {

std::optional<ByteCodes> ByteCodes::of(const Graph& graph, QuantMode mode, ValueId value) {
  const Node* quant = graph.quant_of(value);
  if (mode == QuantMode::kFloat || quant == nullptr) return std::nullopt;
  const Quantizer& entry = graph.quantizer(quant->quantizer);
  const bool fits = entry.spec.bits <= 8 && entry.spec.granularity == Granularity::kPerTensor &&
                    !entry.spec.is_bipolar();
  if (!fits) return std::nullopt;
  const QuantParams params = graph.params(entry.id);
  ByteCodes codes;
  codes.scale_ = params.scale[0];
  codes.zero_point_ = params.zero_point.empty() ? 0.0F : static_cast<float>(params.zero_point[0]);
  codes.lowest_ = static_cast<float>(entry.spec.qmin());
  return codes;
}

std::vector<std::byte> ByteCodes::encode(std::span<const float> numbers) const {
  std::vector<std::byte> codes(numbers.size());
  // The quotient is next to an integer, so that cutting off after half a step rounds it; a loop of
  // such steps runs on vectors everywhere.
  const float shift = zero_point_ - lowest_ + 0.5F;
  const float scale = scale_;
  const float* const from = numbers.data();
  std::byte* const to = codes.data();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    to[i] = static_cast<std::byte>(static_cast<int>(from[i] / scale + shift));
  }
  return codes;
}

void ByteCodes::decode(std::span<const std::byte> codes, std::span<float> numbers) const {
  const float scale = scale_;
  const float zero_point = zero_point_;
  const float lowest = lowest_;
  const std::byte* const from = codes.data();
  float* const to = numbers.data();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const float q = static_cast<float>(std::to_integer<int>(from[i])) + lowest;
    to[i] = (q - zero_point) * scale;
  }
}

}  // namespace quern::internal
