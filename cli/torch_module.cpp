#include "cli/torch_module.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

#include "quern/base/error.h"

namespace quern::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "quern_torch_commands.so";

/// In a build tree the module lies in lib/ beside the command; installed, in ../lib/quern/.
fs::path module_path() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path built = folder / "lib" / kModule;
  return fs::exists(built) ? built : folder.parent_path() / QUERN_MODULE_FOLDER / kModule;
}

const Command* open_module() {
  const fs::path path = module_path();
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) fail(ErrorCode::kInternal, "cannot open {}: {}", path.string(), dlerror());
  const auto list = reinterpret_cast<TorchCommands>(::dlsym(module, "quern_torch_commands"));
  ensure(list != nullptr, "{} has no list of verbs", path.string());
  return list();
}

}  // namespace

AddCommand torch_command(std::string_view name) {
  static const Command* const list = open_module();
  for (const Command* command = list; !command->name.empty(); ++command) {
    if (command->name == name) return command->add;
  }
  fail(ErrorCode::kInternal, "the module {} has no verb '{}'", kModule, name);
}

}  // namespace quern::cli
