#include "quern/exporters/c_code.h"

#include <system_error>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/engine/check.h"
#include "quern/exporters/internal/c_files.h"
#include "quern/exporters/internal/c_golden.h"
#include "quern/exporters/internal/c_kernels.h"
#include "quern/exporters/internal/c_model.h"

namespace quern {

namespace fs = std::filesystem;

std::map<std::string, std::string> to_c(const IntModel& model) {
  check(model);
  const std::int64_t bytes = model.memory.arena_bytes;
  if (bytes > INT32_MAX) {
    fail(ErrorCode::kUnsupported, "the network needs an arena of {} bytes, expected at most {}",
         bytes, INT32_MAX);
  }
  std::map<std::string, std::string> files = internal::kernel_files(model);
  files.insert(internal::program_files().begin(), internal::program_files().end());
  const internal::CModel code = internal::c_model(model);
  files["model.h"] = code.header;
  files["model.c"] = code.source;
  files["golden.h"] = internal::golden_header(model);
  return files;
}

void export_c(const IntModel& model, const fs::path& folder) {
  const std::map<std::string, std::string> files = to_c(model);
  const std::string last = "Makefile";
  std::error_code ignored;
  fs::remove(folder / last, ignored);
  for (const auto& [path, text] : files) {
    if (path != last) write_file(folder / path, std::string_view(text));
  }
  write_file(folder / last, std::string_view(files.at(last)));
}

}  // namespace quern
