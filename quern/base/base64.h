#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace quern {

/// `content` in base64 with padding (RFC 4648).
std::string base64(std::span<const std::byte> content);

}  // namespace quern
