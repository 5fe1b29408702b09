#pragma once

#include "quern/lower/internal/lowering.h"

namespace quern::internal {

/// Codes of a tensor that something follows before the next grid: another grid's codes of a
/// function of one code. A table holds it exactly; where channels differ by factors and terms
/// alone, an Affine needs less memory.
class CodesSource : public Source {
 public:
  CodesSource(const Lowering& lowering, TensorIndex tensor)
      : tensor_(tensor), extents_(lowering.extents(tensor)) {}

  Extents extents() const override { return extents_; }
  TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                   const Target& target) const override;

 private:
  TensorIndex tensor_;
  Extents extents_;
};

}  // namespace quern::internal
