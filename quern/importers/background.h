#pragma once

#include "quern/graph/graph.h"

namespace quern {

/// The networks of TensorFlow's model gardens count a "background" before ImageNet's 1000 classes:
/// an only output of 1001 classes, along its last axis, gets the label offset 1. Needs inferred
/// shapes. @return whether it did.
bool recognize_background(Graph& graph);

}  // namespace quern
