#include <algorithm>
#include <array>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/data/decode_jpeg.h"
#include "quern/data/decode_png.h"
#include "quern/data/decode_tiff.h"
#include "quern/data/image.h"

namespace quern {
namespace {

template <std::size_t n>
bool starts_with(std::span<const std::byte> bytes, const std::array<std::uint8_t, n>& magic) {
  return bytes.size() >= n &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](std::uint8_t a, std::byte b) { return std::byte{a} == b; });
}

}  // namespace

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
  return with_context(name, [&] {
    if (bytes.empty()) fail(ErrorCode::kParse, "the file is empty; expected a JPEG, PNG or TIFF");
    if (starts_with<3>(bytes, {0xFF, 0xD8, 0xFF})) return decode_jpeg(bytes);
    if (starts_with<8>(bytes, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'})) {
      return decode_png(bytes);
    }
    if (starts_with<4>(bytes, {'I', 'I', 42, 0}) || starts_with<4>(bytes, {'M', 'M', 0, 42})) {
      return decode_tiff(bytes);
    }
    fail(ErrorCode::kParse, "the content is neither JPEG nor PNG nor TIFF");
  });
}

Image decode_image(const std::filesystem::path& path) {
  return decode_image(read_file(path), path.string());
}

}  // namespace quern
