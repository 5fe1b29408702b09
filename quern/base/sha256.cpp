#include "quern/base/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "quern/base/error.h"

namespace quern {

std::string sha256(std::span<const std::byte> content) {
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  ensure(done == 1, "SHA-256 of {} bytes failed", content.size());
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace quern
