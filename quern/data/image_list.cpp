#include "quern/data/image_list.h"

#include <charconv>
#include <string_view>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/data/internal/text_lines.h"
#include "quern/data/picture_files.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

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

std::vector<Sample> labelled_by_folder(const fs::path& folder) {
  const std::vector<fs::path> classes = folders_in(folder);
  std::vector<Sample> samples;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const std::vector<fs::path> pictures = pictures_below(classes[label]);
    // Skipping it silently would leave a class out; counting it may shift every later label.
    if (pictures.empty()) {
      fail(ErrorCode::kParse, "class folder '{}' holds no picture ({})",
           classes[label].filename().string(), kPictureSuffixes);
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
  std::vector<Sample> samples;
  for_each_line(read_text(list), [&](int number, std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    Sample sample = with_context(fmt::format("{}:{}", list.string(), number), [line] {
      if (line.find('\0') != std::string_view::npos) {
        fail(ErrorCode::kParse, "binary data; expected lines of `path label`");
      }
      return parse_line(line);
    });
    sample.path = base / sample.path;  // An absolute path replaces `base`.
    samples.push_back(std::move(sample));
  });
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
    fail(ErrorCode::kParse, "{}: the folder holds no picture ({})", folder.string(),
         kPictureSuffixes);
  }
  return samples;
}

std::vector<Sample> read_samples(const fs::path& data, const std::optional<fs::path>& root) {
  return fs::is_directory(data) ? read_image_folder(data) : read_image_list(data, root);
}

}  // namespace quern
