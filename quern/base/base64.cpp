#include "quern/base/base64.h"

#include <openssl/evp.h>

namespace quern {

std::string base64(std::span<const std::byte> content) {
  std::string text((content.size() + 2) / 3 * 4 + 1, '\0');  // It ends with a 0 of its own.
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(content.data()),
                                     static_cast<int>(content.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace quern
