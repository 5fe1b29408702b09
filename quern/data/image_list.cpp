#include "quern/data/image_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "quern/base/error.h"
#include "quern/base/file.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

/// A suffix of a format that decode_image reads, in any case.
bool is_picture(const fs::path& path) {
  constexpr std::array<std::string_view, 3> kSuffixes = {".jpg", ".jpeg", ".png"};
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return std::ranges::find(kSuffixes, suffix) != kSuffixes.end();
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_integer(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

std::int64_t parse_label(std::string_view token) {
  std::int64_t label = -1;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), label);
  if (error != std::errc{} || label < 0) {
    fail(ErrorCode::kParse, "label {} is out of range; expected 0 or more", token);
  }
  return label;
}

/// One line that is neither empty nor a comment.
Sample parse_line(std::string_view line) {
  const std::size_t gap = line.find_last_of(" \t");
  if (gap == std::string_view::npos) return {.path = line, .label = -1};
  const std::string_view last = line.substr(gap + 1);
  if (is_integer(last)) return {.path = trim(line.substr(0, gap)), .label = parse_label(last)};
  if (is_picture(line)) return {.path = line, .label = -1};
  fail(ErrorCode::kParse, "label '{}' is not an integer; expected `path label`", last);
}

std::vector<fs::path> sorted(std::vector<fs::path> paths) {
  // Paths compare element by element; names of one folder must compare byte by byte.
  std::ranges::sort(paths, {}, [](const fs::path& path) { return path.string(); });
  return paths;
}

/// Pictures at any depth below `folder`, in byte order.
std::vector<fs::path> pictures_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture(entry.path()) && !is_hidden(entry.path())) {
      found.push_back(entry.path());
    }
  }
  return sorted(std::move(found));
}

std::vector<fs::path> class_folders(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !is_hidden(entry.path())) found.push_back(entry.path());
  }
  return sorted(std::move(found));
}

std::vector<Sample> labelled_by_folder(const fs::path& folder) {
  const std::vector<fs::path> classes = class_folders(folder);
  std::vector<Sample> samples;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const std::vector<fs::path> pictures = pictures_below(classes[label]);
    // Skipping it silently would leave a class out; counting it may shift every later label.
    if (pictures.empty()) {
      fail(ErrorCode::kParse, "class folder '{}' holds no picture (.jpg, .jpeg, .png)",
           classes[label].filename().string());
    }
    for (const fs::path& path : pictures) {
      samples.push_back({.path = path, .label = static_cast<std::int64_t>(label)});
    }
  }
  if (!classes.empty()) return samples;
  for (const fs::path& path : pictures_below(folder))
    samples.push_back({.path = path, .label = -1});
  return samples;
}

}  // namespace

std::vector<Sample> read_image_list(const fs::path& list, const std::optional<fs::path>& root) {
  const fs::path base = root.value_or(list.parent_path());
  const std::string text = read_text(list);
  std::string_view rest = text;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());

  std::vector<Sample> samples;
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.starts_with('#')) continue;
    Sample sample = with_context(fmt::format("{}:{}", list.string(), number), [line] {
      if (line.find('\0') != std::string_view::npos) {
        fail(ErrorCode::kParse, "binary data; expected lines of `path label`");
      }
      return parse_line(line);
    });
    sample.path = base / sample.path;  // An absolute path replaces `base`.
    samples.push_back(std::move(sample));
  }
  if (samples.empty()) fail(ErrorCode::kParse, "{}: the list names no picture", list.string());
  return samples;
}

std::vector<Sample> read_image_folder(const fs::path& folder) {
  std::vector<Sample> samples;
  try {
    samples = with_context(folder.string(), [&] { return labelled_by_folder(folder); });
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::kIo, "cannot read {}: {}", folder.string(), error.code().message());
  }
  if (samples.empty()) {
    fail(ErrorCode::kParse, "{}: the folder holds no picture (.jpg, .jpeg, .png)", folder.string());
  }
  return samples;
}

std::vector<Sample> read_samples(const fs::path& data, const std::optional<fs::path>& root) {
  return fs::is_directory(data) ? read_image_folder(data) : read_image_list(data, root);
}

}  // namespace quern
