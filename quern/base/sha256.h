#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace quern {

/// The SHA-256 of `content` as 64 hexadecimal digits.
std::string sha256(std::span<const std::byte> content);

}  // namespace quern
