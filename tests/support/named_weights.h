#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quern/weights/name_scheme.h"
#include "quern/weights/weighted_layers.h"

namespace quern::test {

/// The scheme of a library for a zoo network; the first where it has several.
const NameScheme& scheme_of(std::string_view library, std::string_view network);

/// A scheme's names for the layers of its network.
std::vector<LayerNames> names_of(const NameScheme& scheme);

/// The weights of a zoo network as a file of the scheme's library holds them: its names, its
/// layouts. Depthwise kernels have the last of the scheme's names for kernels where it has two.
std::map<std::string, Tensor> named_weights(const Graph& graph, const NameScheme& scheme);

}  // namespace quern::test
