#include "quern/importers/onnx/metadata.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace quern {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::vector<std::byte> bytes_of_base64(std::string_view text) {
  std::vector<std::byte> bytes;
  std::uint32_t group = 0;
  int bits = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const std::size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) fail(ErrorCode::kParse, "'{}' is not base64", c);
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(group >> bits & 255));
  }
  return bytes;
}

constexpr std::array kDTypes = {DType::kFloat32, DType::kFloat64, DType::kInt8,  DType::kUint8,
                                DType::kInt16,   DType::kUint16,  DType::kInt32, DType::kUint32,
                                DType::kInt64,   DType::kUint64,  DType::kBool};

Json json_of(const Tensor& tensor) {
  return {
      {"dtype", name(tensor.dtype())}, {"shape", tensor.shape()}, {"data", base64(tensor.bytes())}};
}

Tensor tensor_from(const Json& json) {
  const auto type = json.at("dtype").get<std::string>();
  const auto dtype =
      std::ranges::find_if(kDTypes, [&](DType known) { return name(known) == type; });
  if (dtype == kDTypes.end()) fail(ErrorCode::kParse, "'{}' is not an element type", type);
  const auto shape = json.at("shape").get<Shape>();
  const std::vector<std::byte> bytes = bytes_of_base64(json.at("data").get<std::string>());
  if (bytes.size() % size_of(*dtype) != 0 ||
      static_cast<std::uint64_t>(element_count(shape)) != bytes.size() / size_of(*dtype)) {
    fail(ErrorCode::kParse, "{} bytes are not a {} tensor of shape {}", bytes.size(), type,
         to_string(shape));
  }
  Tensor tensor(*dtype, shape);
  std::ranges::copy(bytes, tensor.mutable_bytes().begin());
  return tensor;
}

Json json_of(const QuantSpec& spec) {
  const bool per_channel = spec.granularity == Granularity::kPerChannel;
  return {{"bits", spec.bits},
          {"signed", spec.is_signed},
          {"symmetric", spec.symmetric},
          {"narrow_range", spec.narrow_range},
          {"power_of_two", spec.power_of_two},
          {"rounding", name(spec.rounding)},
          {"granularity", per_channel ? "per_channel" : "per_tensor"},
          {"channel_axis", spec.channel_axis}};
}

QuantSpec spec_from(const Json& json, const std::string& owner) {
  QuantSpec spec;
  json.at("bits").get_to(spec.bits);
  json.at("signed").get_to(spec.is_signed);
  json.at("symmetric").get_to(spec.symmetric);
  json.at("narrow_range").get_to(spec.narrow_range);
  json.at("power_of_two").get_to(spec.power_of_two);
  spec.rounding = rounding_from(json.at("rounding").get<std::string>());
  spec.granularity = json.at("granularity").get<std::string>() == "per_channel"
                         ? Granularity::kPerChannel
                         : Granularity::kPerTensor;
  json.at("channel_axis").get_to(spec.channel_axis);
  check(spec, owner);
  return spec;
}

Json json_of(const Quantizer& quantizer) {
  Json state = Json::object();
  for (const auto& [key, tensor] : quantizer.state) state[key] = json_of(tensor);
  Json json = {{"name", quantizer.name},
               {"kind", name(quantizer.kind)},
               {"spec", json_of(quantizer.spec)},
               {"zero_point", quantizer.zero_point},
               {"state", state}};
  if (quantizer.threshold.method) json["method"] = *quantizer.threshold.method;
  if (quantizer.threshold.percentile) json["percentile"] = *quantizer.threshold.percentile;
  if (quantizer.kind == QuantizerKind::kDerived) {
    json["factors"] = {quantizer.factors[0].index, quantizer.factors[1].index};
  } else {
    json["scale"] = quantizer.scale.index;
  }
  return json;
}

/// A position below `count`.
template <class IdType>
IdType id_from(const Json& json, std::size_t count) {
  const auto index = json.get<std::int64_t>();
  if (index < 0 || index >= static_cast<std::int64_t>(count)) {
    fail(ErrorCode::kParse, "it names entry {} of a list of {}", index, count);
  }
  return IdType{static_cast<std::int32_t>(index)};
}

Quantizer quantizer_from(const Json& json, std::size_t scales, std::size_t quantizers) {
  Quantizer quantizer;
  json.at("name").get_to(quantizer.name);
  quantizer.kind = quantizer_kind_from(json.at("kind").get<std::string>());
  quantizer.spec = spec_from(json.at("spec"), fmt::format("quantizer '{}'", quantizer.name));
  json.at("zero_point").get_to(quantizer.zero_point);
  if (json.contains("method")) quantizer.threshold.method = json.at("method").get<std::string>();
  if (json.contains("percentile")) {
    quantizer.threshold.percentile = json.at("percentile").get<double>();
  }
  for (const auto& [key, tensor] : json.at("state").items()) {
    quantizer.state[key] = tensor_from(tensor);
  }
  if (quantizer.kind != QuantizerKind::kDerived) {
    quantizer.scale = id_from<ScaleId>(json.at("scale"), scales);
    return quantizer;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    quantizer.factors[i] = id_from<QuantizerId>(json.at("factors").at(i), quantizers);
  }
  return quantizer;
}

Json json_of(const Preprocessing& how) {
  Json json = {{"crop", how.crop},
               {"scale", how.scale},
               {"mean", how.mean},
               {"std", how.std},
               {"bgr", how.bgr}};
  if (how.resize) json["resize"] = *how.resize;
  if (how.central_crop) json["central_crop"] = *how.central_crop;
  if (how.stretch) json["stretch"] = true;
  return json;
}

Preprocessing preprocessing_from(const Json& json) {
  Preprocessing how;
  how.resize.reset();
  json.at("crop").get_to(how.crop);
  json.at("scale").get_to(how.scale);
  json.at("mean").get_to(how.mean);
  json.at("std").get_to(how.std);
  json.at("bgr").get_to(how.bgr);
  if (json.contains("resize")) how.resize = json.at("resize").get<int>();
  if (json.contains("central_crop")) how.central_crop = json.at("central_crop").get<double>();
  how.stretch = json.value("stretch", false);
  return how;
}

Json json_of(const FreeExtent& extent) {
  return {{"input", extent.input},
          {"axis", extent.axis},
          {"written", extent.written},
          {"symbol", extent.symbol}};
}

FreeExtent free_extent_from(const Json& json) {
  return {json.at("input").get<std::string>(), json.at("axis").get<std::int64_t>(),
          json.at("written").get<std::int64_t>(), json.at("symbol").get<std::string>()};
}

/// JSON has no infinity: nlohmann would write null, which no reader takes back.
void check_finite(const Preprocessing& how) {
  const auto finite = [](double value) { return std::isfinite(value); };
  require(finite(how.scale) && std::ranges::all_of(how.mean, finite) &&
              std::ranges::all_of(how.std, finite) && finite(how.central_crop.value_or(0)),
          "the preprocessing holds a number that is not finite");
}

/// @throws Error(kParse) unless products are of measured or constant scales, never of products.
void check_factors(const std::vector<Quantizer>& quantizers) {
  for (const Quantizer& quantizer : quantizers) {
    if (quantizer.kind != QuantizerKind::kDerived) continue;
    for (const QuantizerId factor : quantizer.factors) {
      if (quantizers[static_cast<std::size_t>(factor.index)].kind != QuantizerKind::kDerived)
        continue;
      fail(ErrorCode::kParse, "quantizer '{}' is derived from a derived one", quantizer.name);
    }
  }
}

FileMetadata read(const Json& json) {
  const auto version = json.at("version").get<std::int64_t>();
  if (version != kVersion) {
    fail(ErrorCode::kParse, "it has version {}, this quern reads version {}", version, kVersion);
  }
  FileMetadata metadata;
  json.at("name").get_to(metadata.graph_name);
  if (json.contains("preprocessing")) {
    metadata.preprocessing = preprocessing_from(json.at("preprocessing"));
  }
  metadata.label_offset = json.value("label_offset", std::int64_t{0});
  for (const Json& entry : json.at("free_extents")) {
    metadata.free_extents.push_back(free_extent_from(entry));
  }
  for (const Json& entry : json.at("scales")) {
    const ScaleId id{static_cast<std::int32_t>(metadata.scales.size())};
    metadata.scales.push_back(
        {id, entry.at("name").get<std::string>(), entry.value("values", std::vector<float>())});
  }
  for (const Json& entry : json.at("quantizers")) {
    metadata.quantizers.push_back(
        quantizer_from(entry, metadata.scales.size(), json.at("quantizers").size()));
    metadata.quantizers.back().id.index = static_cast<std::int32_t>(metadata.quantizers.size()) - 1;
  }
  check_factors(metadata.quantizers);
  for (const auto& [layer, entry] : json.at("quants").items()) {
    metadata.quants[layer] = id_from<QuantizerId>(entry, metadata.quantizers.size());
  }
  return metadata;
}

}  // namespace

std::string to_json(const FileMetadata& metadata) {
  Json json = {{"version", kVersion},           {"name", metadata.graph_name},
               {"free_extents", Json::array()}, {"scales", Json::array()},
               {"quantizers", Json::array()},   {"quants", Json::object()}};
  if (metadata.preprocessing) {
    check_finite(*metadata.preprocessing);
    json["preprocessing"] = json_of(*metadata.preprocessing);
  }
  if (metadata.label_offset != 0) json["label_offset"] = metadata.label_offset;
  for (const FreeExtent& extent : metadata.free_extents) {
    json["free_extents"].push_back(json_of(extent));
  }
  for (const Scale& scale : metadata.scales) {
    Json entry = {{"name", scale.name}};
    if (!scale.values.empty()) entry["values"] = scale.values;
    json["scales"].push_back(entry);
  }
  for (const Quantizer& quantizer : metadata.quantizers) {
    json["quantizers"].push_back(json_of(quantizer));
  }
  for (const auto& [layer, quantizer] : metadata.quants) json["quants"][layer] = quantizer.index;
  try {
    return json.dump();
  } catch (const Json::type_error& error) {
    fail(ErrorCode::kInvalidArgument, "a name is not UTF-8 ({})", error.what());
  }
}

FileMetadata file_metadata_from(const std::string& json) {
  try {
    return read(Json::parse(json));
  } catch (const Json::exception& error) {
    fail(ErrorCode::kParse, "it is damaged ({})", error.what());
  } catch (const Error& error) {
    throw Error(ErrorCode::kParse, error.what());
  }
}

}  // namespace quern
