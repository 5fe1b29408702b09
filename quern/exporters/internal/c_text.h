#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/runtime/requantize.h"
#include "quern/runtime/tensor.h"
#include "quern/runtime/window.h"

namespace quern::internal {

/// Any name as a part of an identifier: other bytes than ASCII letters and digits become '_', and
/// it ends after 40.
std::string identifier(std::string_view name);

/// The text with ASCII letters in capitals.
std::string upper(std::string text);

/// The text with another prefix in its names: `model_…` becomes `door_bell_…`, `MODEL_…`
/// `DOOR_BELL_…`, `ModelTensor` `DoorBellTensor`.
std::string with_prefix(const std::string& text, const std::string& prefix);

/// `1, -2, 3` in lines of at most 100 columns, as an initializer has them.
std::string list(const std::vector<std::int32_t>& values);
std::string list(const std::vector<std::uint32_t>& values);
std::string list(const std::vector<std::int16_t>& values);
std::string list(const std::vector<std::uint16_t>& values);
std::string list(const std::vector<std::uint8_t>& values);

/// A struct's members and their initializers, in order.
using Members = std::vector<std::pair<std::string, std::string>>;

/// `{.a = 1, .b = 2}`, a member a line; those that are "NULL" are left out.
std::string initializer(const Members& members, int indent);

std::string initializer(const QuernTensor& tensor);
std::string initializer(const QuernWindow& window);

}  // namespace quern::internal
