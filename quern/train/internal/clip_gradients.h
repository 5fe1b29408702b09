#pragma once

#include <vector>

#include "quern/train/internal/optimizer.h"

namespace quern {

/// Scales all gradients by one factor where their common Euclidean norm is above `most`.
/// @return the norm before.
///
/// Source: Pascanu et al., "On the difficulty of training Recurrent Neural Networks", 2012,
/// arXiv:1211.5063.
double clip_gradients(const std::vector<Learned>& parameters, double most);

}  // namespace quern
