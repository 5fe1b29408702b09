#pragma once

#include <string_view>

#include "quern/graph/node.h"

namespace quern {

/// Says why a layer can not become integers.
/// @param found    What it has that can not be lowered: "a weight of 16 bits".
/// @param nearest  A clause with the nearest thing that works: "at most 8 bits can be lowered".
/// @throws Error(kUnsupported) "cannot lower layer 'conv1' (Conv): …; …"
[[noreturn]] void refuse(const Node& node, std::string_view found, std::string_view nearest);

}  // namespace quern
