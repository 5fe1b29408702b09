#include "quern/base/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "quern/base/error.h"

namespace quern {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path above = fs::temp_directory_path(error);
  std::string name = (above / "quern.XXXXXX").string();
  if (!error && ::mkdtemp(name.data()) == nullptr) error.assign(errno, std::generic_category());
  if (error) {
    fail(ErrorCode::kIo, "cannot make a temporary folder {}: {}", name, error.message());
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace quern
