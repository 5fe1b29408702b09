#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"

namespace quern {

// The `.quern` file: 8 bytes "QUERNINT", then little-endian the version (uint32), the CRC-32 of the
// payload (uint32), its size (uint64), and the payload, the fields of an IntModel in order.

inline constexpr std::uint32_t kModelFileVersion = 1;

/// The bytes of a file. @throws Error(kParse) for a model that does not pass `check`.
std::vector<std::byte> to_bytes(const IntModel& model);

/// Reads what to_bytes wrote; a model that is returned has passed `check`. Allocates no more than
/// the bytes account for. @throws Error(kParse) naming `source` for anything else, and for another
/// version.
IntModel from_bytes(std::span<const std::byte> bytes, const std::string& source);

/// @throws Error(kIo | kParse) naming the path.
void write_model(const IntModel& model, const std::filesystem::path& path);
IntModel read_model(const std::filesystem::path& path);

}  // namespace quern
