#pragma once

#include <string_view>

#include "cli/commands.h"

namespace quern::cli {

/// The function that declares a verb of the module, which is opened on the first call.
/// @throws Error(kInternal) naming the module's path and why it can not be opened.
AddCommand torch_command(std::string_view name);

}  // namespace quern::cli
