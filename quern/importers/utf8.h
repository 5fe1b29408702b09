#pragma once

#include <string_view>

namespace quern {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// @throws Error(kParse) naming `what` ("an input") unless `text` is UTF-8, as ONNX demands of
/// names.
void require_utf8(std::string_view text, std::string_view what);

}  // namespace quern
