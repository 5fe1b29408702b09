#include "quern/data/decode_tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "quern/base/error.h"
#include "quern/data/internal/image_size.h"

namespace quern {
namespace {

/// What libtiff reads from, and the first thing it complained about.
struct Source {
  std::span<const std::byte> bytes;
  std::size_t position = 0;
  std::string error;
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read(thandle_t handle, void* to, tmsize_t size) {
  Source& source = source_of(handle);
  const std::size_t rest = source.bytes.size() - std::min(source.position, source.bytes.size());
  const std::size_t count = std::min(static_cast<std::size_t>(size), rest);
  if (count > 0) std::memcpy(to, source.bytes.data() + source.position, count);
  source.position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t refuse_to_write(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int origin) {
  Source& source = source_of(handle);
  const std::size_t base = origin == SEEK_SET   ? 0
                           : origin == SEEK_CUR ? source.position
                                                : source.bytes.size();
  source.position = base + static_cast<std::size_t>(offset);
  return source.position;
}

int close(thandle_t) { return 0; }

toff_t size(thandle_t handle) { return source_of(handle).bytes.size(); }

int keep_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  std::string& error = static_cast<Source*>(user)->error;
  if (error.empty()) {
    char text[256];
    std::vsnprintf(text, sizeof(text), format, arguments);
    error = text;
  }
  return 1;  // Handled: libtiff's own handler would print it.
}

int ignore_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

[[noreturn]] void fail_as_damaged(const Source& source) {
  fail(ErrorCode::kParse, "damaged TIFF: {}",
       source.error.empty() ? "it holds no picture" : source.error);
}

std::unique_ptr<TIFF, Close> open(Source& source) {
  // What libtiff takes for one strip or table; its raster of the picture is checked apart.
  constexpr tmsize_t kMostMemory = tmsize_t{1} << 31;
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostMemory);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
  // "m": without mapping, since the bytes are in memory.
  return std::unique_ptr<TIFF, Close>(TIFFClientOpenExt("TIFF", "rm", &source, read,
                                                        refuse_to_write, seek, close, size, nullptr,
                                                        nullptr, options.get()));
}

}  // namespace

Image decode_tiff(std::span<const std::byte> bytes) {
  Source source{.bytes = bytes, .position = 0, .error = {}};
  const std::unique_ptr<TIFF, Close> tiff = open(source);
  if (!tiff) fail_as_damaged(source);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  check_image_size(width, height, bytes.size());

  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  constexpr int kStopAtErrors = 1;
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT,
                                kStopAtErrors) == 0) {
    fail_as_damaged(source);
  }
  Image image{.width = static_cast<int>(width), .height = static_cast<int>(height), .pixels = {}};
  image.pixels.reserve(3 * raster.size());
  for (const std::uint32_t pixel : raster) {
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetR(pixel)));
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetG(pixel)));
    image.pixels.push_back(static_cast<std::uint8_t>(TIFFGetB(pixel)));
  }
  return image;
}

}  // namespace quern
