#include "quern/engine/internal/envelope.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "quern/engine/internal/demand.h"
#include "quern/engine/model_file.h"

namespace quern::internal {
namespace {

constexpr std::array<char, 8> kMagic = {'Q', 'U', 'E', 'R', 'N', 'I', 'N', 'T'};

/// The first bytes of a file, as they lie in it.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kModelFileVersion;
  std::uint32_t checksum = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(Header) == 24);

std::uint32_t checksum_of(std::span<const std::byte> payload) {
  const auto* data = reinterpret_cast<const Bytef*>(payload.data());
  return static_cast<std::uint32_t>(::crc32_z(0, data, payload.size()));
}

}  // namespace

std::vector<std::byte> seal(std::span<const std::byte> payload) {
  const Header header{.checksum = checksum_of(payload), .size = payload.size()};
  std::vector<std::byte> file(sizeof(Header) + payload.size());
  std::memcpy(file.data(), &header, sizeof(Header));
  if (!payload.empty()) std::memcpy(file.data() + sizeof(Header), payload.data(), payload.size());
  return file;
}

std::span<const std::byte> unseal(std::span<const std::byte> file) {
  demand(file.size() >= sizeof(Header), "it has {} bytes, fewer than a .quern file begins with",
         file.size());
  Header header;
  std::memcpy(&header, file.data(), sizeof(Header));
  demand(header.magic == kMagic, "it is no .quern file: it does not begin with QUERNINT");
  demand(header.version == kModelFileVersion,
         "it has version {}, expected {}; lower the model again", header.version,
         kModelFileVersion);
  const auto payload = file.subspan(sizeof(Header));
  demand(header.size == payload.size(), "it holds {} bytes after its header, expected {}",
         payload.size(), header.size);
  const std::uint32_t checksum = checksum_of(payload);
  demand(header.checksum == checksum, "it is damaged: its checksum is {:08x}, expected {:08x}",
         checksum, header.checksum);
  return payload;
}

}  // namespace quern::internal
