#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace quern::internal {

/// A file around a payload: magic, version, checksum and size in front of it.
std::vector<std::byte> seal(std::span<const std::byte> payload);

/// The payload of a file. @throws Error(kParse) unless magic, version, size and checksum agree.
std::span<const std::byte> unseal(std::span<const std::byte> file);

}  // namespace quern::internal
