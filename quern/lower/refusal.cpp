#include "quern/lower/refusal.h"

#include "quern/base/error.h"

namespace quern {

void refuse(const Node& node, std::string_view found, std::string_view nearest) {
  fail(ErrorCode::kUnsupported, "cannot lower layer '{}' ({}): {}; {}", node.layer, node.op, found,
       nearest);
}

}  // namespace quern
