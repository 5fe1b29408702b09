#include "quern/exporters/c_code.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/engine/check.h"
#include "quern/exporters/internal/c_files.h"
#include "quern/exporters/internal/c_golden.h"
#include "quern/exporters/internal/c_kernels.h"
#include "quern/exporters/internal/c_model.h"
#include "quern/exporters/internal/c_text.h"

namespace quern {

namespace fs = std::filesystem;

namespace {

void check_prefix(const std::string& prefix) {
  const auto is_letter = [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); };
  const auto fits = [&](char c) { return is_letter(c) || ('0' <= c && c <= '9') || c == '_'; };
  require(
      !prefix.empty() && is_letter(prefix[0]) && std::ranges::all_of(prefix, fits),
      "the prefix '{}' can not begin a name in C: expected a letter, then letters, digits and _",
      prefix);
  require(!internal::upper(prefix).starts_with("QUERN"),
          "the prefix '{}' is that of the kernels' names: expected another", prefix);
}

/// Names the kernels that the network uses: a folder may hold those of another one.
void list_sources(const std::map<std::string, std::string>& kernels, std::string& makefile) {
  std::string sources;
  for (const auto& [path, text] : kernels) {
    if (path.ends_with(".c")) sources += " \\\n  " + path;
  }
  const std::string place = "@kernels@";
  makefile.replace(makefile.find(place), place.size(), sources);
}

}  // namespace

std::map<std::string, std::string> to_c(const IntModel& model, const CCodeOptions& options) {
  check_prefix(options.prefix);
  check(model);
  const std::int64_t bytes = model.memory.arena_bytes;
  if (bytes > INT32_MAX) {
    fail(ErrorCode::kUnsupported, "the network needs an arena of {} bytes, expected at most {}",
         bytes, INT32_MAX);
  }
  std::map<std::string, std::string> files = internal::program_files();
  internal::CModel code = internal::c_model(model);
  files["model.h"] = std::move(code.header);
  files["model.c"] = std::move(code.source);
  files["golden.h"] = internal::golden_header(model, options.golden);
  for (auto& [path, text] : files) text = internal::with_prefix(text, options.prefix);
  std::map<std::string, std::string> kernels = internal::kernel_files(model);
  list_sources(kernels, files.at("Makefile"));
  files.merge(kernels);
  return files;
}

void export_c(const IntModel& model, const fs::path& folder, const CCodeOptions& options) {
  const std::map<std::string, std::string> files = to_c(model, options);
  const std::string last = "Makefile";
  std::error_code ignored;
  fs::remove(folder / last, ignored);
  for (const auto& [path, text] : files) {
    if (path != last) write_file(folder / path, std::string_view(text));
  }
  write_file(folder / last, std::string_view(files.at(last)));
}

}  // namespace quern
