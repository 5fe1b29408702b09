#include "quern/passes/passes.h"

namespace quern {

PassReport& PassReport::operator+=(const PassReport& other) {
  rewrites += other.rewrites;
  notes.insert(notes.end(), other.notes.begin(), other.notes.end());
  return *this;
}

const std::vector<PassInfo>& passes() {
  static const std::vector<PassInfo> kPasses = {
      {"fold_constants", "replaces what needs no run by constants", fold_constants},
      {"remove_identities", "removes what changes nothing in inference", remove_identities},
      {"recognize_upsampling", "writes repeated pixels as a Resize", recognize_upsampling},
      {"move_transposes", "takes channels-last networks to channels first", move_transposes},
      {"resolve_padding", "writes every window out in numbers", resolve_padding},
      {"simplify_flatten", "writes heads as GlobalAveragePool and Flatten", simplify_flatten},
      {"resolve_reshapes", "writes targets in numbers that serve any batch", resolve_reshapes},
      {"resolve_resizes", "writes sizes as factors", resolve_resizes},
      {"collapse_concats", "merges concats of concats", collapse_concats},
      {"canonicalize", "all of the above, until nothing changes", canonicalize},
      {"split_shared_weights", "gives every layer its own Quant on a shared weight",
       split_shared_weights},
  };
  return kPasses;
}

}  // namespace quern
