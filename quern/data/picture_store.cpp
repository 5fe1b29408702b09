#include "quern/data/picture_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

#include "quern/base/error.h"
#include "quern/base/parallel.h"
#include "quern/base/progress.h"
#include "quern/base/sha256.h"
#include "quern/data/image.h"
#include "quern/data/internal/cache_folder.h"
#include "quern/data/internal/mapped_file.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// Raised where the bytes of a cache mean something else than before.
constexpr std::uint32_t kVersion = 1;
constexpr std::array<char, 8> kMagic = {'q', 'p', 'i', 'x', 'e', 'l', 's', '\0'};
constexpr std::size_t kHeaderSize = 4096;
constexpr std::size_t kReasonSize = 512;  ///< Of the sentence on a picture that is left out.

/// What a cache begins with. Pixels follow at kHeaderSize, then a reason for each picture: text
/// that ends with a zero, empty where the picture is usable.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t side = 0;
  std::uint64_t pictures = 0;
  std::array<char, 64> key{};

  bool operator==(const Header&) const = default;
};

/// Everything that decides a store's pixels, as text.
std::string identity(const std::vector<Sample>& samples, const PictureStoreOptions& options) {
  const Preprocessing& how = options.preprocessing;
  std::string text = fmt::format("{} {} {} {}{}\n", kVersion, options.side, how.resize.value_or(0),
                                 how.central_crop.value_or(1.0), how.stretch ? " stretch" : "");
  for (const Sample& sample : samples) {
    std::error_code error;  // A file that is not there is decoded in vain, and said there.
    const auto size = fs::file_size(sample.path, error);
    const auto changed = fs::last_write_time(sample.path, error).time_since_epoch().count();
    text += fmt::format("{}\n{} {}\n", fs::absolute(sample.path, error).string(), size, changed);
  }
  return text;
}

Image decode_to_side(const fs::path& path, const PictureStoreOptions& options) {
  const Image image = decode_image(path);
  if (image.width < 2 || image.height < 2) {
    fail(ErrorCode::kParse, "{}: a picture of {}x{} pixels shows nothing; expected at least 2x2",
         path.string(), image.width, image.height);
  }
  Preprocessing how = options.preprocessing;
  how.crop = options.side;
  return fit(image, how);
}

}  // namespace

struct PictureStore::State {
  std::vector<Sample> samples;
  PictureStoreOptions options;
  std::vector<std::size_t> usable;
  std::vector<std::string> skipped;
  std::vector<std::string> notes;
  MappedFile file;  ///< Empty: pictures are decoded at every use.

  std::size_t picture_size() const { return std::size_t{3} * options.side * options.side; }
  std::size_t reasons_at() const { return kHeaderSize + samples.size() * picture_size(); }
  std::size_t file_size() const { return reasons_at() + samples.size() * kReasonSize; }

  void decode_all(std::span<std::byte> bytes, const Header& header) const;
  bool holds(const MappedFile& found, const Header& header) const;
  void open_or_build(const CacheFolder& folder, const Header& header);
  void prepare_cache();
  void list_usable();
  void find_usable_without_cache();
  void leave_out(const std::string& reason);
};

/// Fills a cache: pixels first, the header last.
void PictureStore::State::decode_all(std::span<std::byte> bytes, const Header& header) const {
  Progress progress("decoding", samples.size());
  for_each_index(samples.size(), options.threads, [&](std::size_t i) {
    try {
      const Image picture = decode_to_side(samples[i].path, options);
      std::memcpy(bytes.data() + kHeaderSize + i * picture_size(), picture.pixels.data(),
                  picture_size());
    } catch (const Error& error) {
      if (!options.skip_bad) throw;
      const std::string reason = std::string(error.what()).substr(0, kReasonSize - 1);
      std::memcpy(bytes.data() + reasons_at() + i * kReasonSize, reason.data(), reason.size());
    }
    progress.advance();
  });
  std::memcpy(bytes.data(), &header, sizeof(header));
}

bool PictureStore::State::holds(const MappedFile& found, const Header& header) const {
  if (found.bytes().size() != file_size()) return false;
  Header read;
  std::memcpy(&read, found.bytes().data(), sizeof(read));
  return read == header;
}

void PictureStore::State::open_or_build(const CacheFolder& folder, const Header& header) {
  const std::string name = "pictures-" + std::string(header.key.data(), 16);
  const fs::path path = folder.path(name);
  std::error_code error;
  if (fs::exists(path, error)) {
    file = MappedFile::open(path);
    if (holds(file, header)) {
      folder.touch(name);
      return;
    }
    notes.push_back(
        fmt::format("{} does not hold what its name says, and is made again", path.string()));
    file = MappedFile();
  }
  folder.write(name, file_size(), [&](std::span<std::byte> bytes) { decode_all(bytes, header); });
  file = MappedFile::open(path);
}

void PictureStore::State::prepare_cache() {
  const std::string text = identity(samples, options);
  const std::string key = sha256(std::as_bytes(std::span(text)));
  Header header;
  header.side = static_cast<std::uint32_t>(options.side);
  header.pictures = samples.size();
  std::ranges::copy(key, header.key.begin());
  try {
    const fs::path folder =
        options.cache.empty() ? CacheFolder::of_user() : fs::path(options.cache);
    open_or_build({folder, static_cast<std::uint64_t>(options.cache_gib * 0x1p30)}, header);
  } catch (const Error& error) {
    // Pictures that can not be read, which is kIo too, are found again without a cache.
    if (error.code() != ErrorCode::kIo) throw;
    notes.push_back(fmt::format("pictures are decoded at every use: {}", error.what()));
    file = MappedFile();
  }
}

void PictureStore::State::leave_out(const std::string& reason) {
  if (!options.skip_bad) fail(ErrorCode::kParse, "{}", reason);
  skipped.push_back(reason);
}

void PictureStore::State::list_usable() {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto* const reason =
        reinterpret_cast<const char*>(file.bytes().data() + reasons_at() + i * kReasonSize);
    if (*reason == '\0') {
      usable.push_back(i);
    } else {
      leave_out(std::string(reason, ::strnlen(reason, kReasonSize)));
    }
  }
}

void PictureStore::State::find_usable_without_cache() {
  std::vector<std::string> reasons(samples.size());
  Progress progress("decoding", samples.size());
  for_each_index(samples.size(), options.threads, [&](std::size_t i) {
    try {
      decode_to_side(samples[i].path, options);
    } catch (const Error& error) {
      if (!options.skip_bad) throw;
      reasons[i] = error.what();
    }
    progress.advance();
  });
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (reasons[i].empty()) {
      usable.push_back(i);
    } else {
      skipped.push_back(reasons[i]);
    }
  }
}

PictureStore::PictureStore(const std::vector<Sample>& samples, const PictureStoreOptions& options)
    : state_(std::make_unique<State>()) {
  require(options.side > 0, "the side of stored pictures must be positive, got {}", options.side);
  require(options.cache_gib > 0, "cache_gib must be above 0, got {}", options.cache_gib);
  require(options.threads >= 0, "threads must be 0 (all cores) or more, got {}", options.threads);
  state_->samples = samples;
  state_->options = options;
  if (options.cache != "none") state_->prepare_cache();
  if (state_->file.bytes().empty()) {
    state_->find_usable_without_cache();
  } else {
    state_->list_usable();
  }
  if (state_->usable.empty()) {
    fail(ErrorCode::kParse, "none of {} pictures can be decoded{}", samples.size(),
         state_->skipped.empty() ? "" : "; the first: " + state_->skipped.front());
  }
}

PictureStore::PictureStore(PictureStore&&) noexcept = default;
PictureStore& PictureStore::operator=(PictureStore&&) noexcept = default;
PictureStore::~PictureStore() = default;

int PictureStore::side() const { return state_->options.side; }
const std::vector<std::size_t>& PictureStore::usable() const { return state_->usable; }
const std::vector<std::string>& PictureStore::skipped() const { return state_->skipped; }
const std::vector<std::string>& PictureStore::notes() const { return state_->notes; }

std::span<const std::uint8_t> PictureStore::picture(std::size_t position,
                                                    std::vector<std::uint8_t>& scratch) const {
  const std::size_t size = state_->picture_size();
  if (state_->file.bytes().empty()) {
    scratch = decode_to_side(state_->samples.at(position).path, state_->options).pixels;
    return scratch;
  }
  const std::byte* const pixels = state_->file.bytes().data() + kHeaderSize + position * size;
  return {reinterpret_cast<const std::uint8_t*>(pixels), size};
}

int training_side(const Preprocessing& how) { return std::max(how.resize.value_or(0), how.crop); }

}  // namespace quern
