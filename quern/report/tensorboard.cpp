#include "quern/report/tensorboard.h"

#include <array>
#include <bit>

namespace quern {
namespace {

// A CPU that stores the lowest byte first is assumed, as tensors' files do.
template <class T>
void append(std::string& bytes, T value) {
  const auto raw = std::bit_cast<std::array<char, sizeof(T)>>(value);
  bytes.append(raw.data(), raw.size());
}

/// CRC-32C, the Castagnoli polynomial.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

/// A checksum that may itself lie in checksummed data.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

std::string record(const std::string& content) {
  std::string bytes;
  append(bytes, static_cast<std::uint64_t>(content.size()));
  append(bytes, masked(crc32c(bytes)));
  bytes += content;
  append(bytes, masked(crc32c(content)));
  return bytes;
}

// Protobuf's wire format: a key of field number and type, then the value.
enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

void append_key(std::string& bytes, std::uint32_t field, Wire wire) {
  append_varint(bytes, field << 3 | static_cast<std::uint32_t>(wire));
}

void append_bytes(std::string& bytes, std::uint32_t field, std::string_view content) {
  append_key(bytes, field, Wire::kBytes);
  append_varint(bytes, content.size());
  bytes += content;
}

/// Event: wall_time = 1, step = 2, file_version = 3, summary = 5.
std::string event(double time, std::int64_t step, std::uint32_t field, std::string_view content) {
  std::string bytes;
  append_key(bytes, 1, Wire::kFixed64);
  append(bytes, time);
  if (step != 0) {
    append_key(bytes, 2, Wire::kVarint);
    append_varint(bytes, static_cast<std::uint64_t>(step));
  }
  append_bytes(bytes, field, content);
  return record(bytes);
}

}  // namespace

std::string event_file_start(double time) { return event(time, 0, 3, "brain.Event:2"); }

std::string scalar_event(double time, std::int64_t step, std::string_view tag, double value) {
  std::string number;  // Summary.Value: tag = 1, simple_value = 2.
  append_bytes(number, 1, tag);
  append_key(number, 2, Wire::kFixed32);
  append(number, static_cast<float>(value));
  std::string summary;  // Summary: value = 1.
  append_bytes(summary, 1, number);
  return event(time, step, 5, summary);
}

}  // namespace quern
