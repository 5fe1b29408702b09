#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace quern {

/// Who is wrong, and therefore which exit code the command ends with.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  ///< The caller, a flag or a recipe.
  kParse,            ///< The content of a file.
  kUnsupported,      ///< quern lacks it; the message names the nearest thing that works.
  kIo,               ///< The operating system: a missing file, a full disk.
  kInternal,         ///< quern itself.
};

/// The only exception type that crosses the public interface.
///
/// `what()` is one sentence that names the object (node, tensor, file), the value found and the
/// value expected. Outer layers add context with `with_context`; they do not rephrase.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

  /// A copy whose message is prefixed, e.g. "a.onnx: node 'conv3' reads …".
  Error with_context(const std::string& context) const { return {code_, context + ": " + what()}; }

 private:
  ErrorCode code_;
};

/// Throws an Error whose message is formatted from `message`.
template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> message, Args&&... args) {
  throw Error(code, fmt::format(message, std::forward<Args>(args)...));
}

/// Throws kInvalidArgument unless `condition` holds. For facts the caller controls.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> message, Args&&... args) {
  if (!condition) fail(ErrorCode::kInvalidArgument, message, std::forward<Args>(args)...);
}

/// Throws kInternal unless `condition` holds. For facts only quern itself can break.
template <class... Args>
void ensure(bool condition, fmt::format_string<Args...> message, Args&&... args) {
  if (!condition) fail(ErrorCode::kInternal, message, std::forward<Args>(args)...);
}

/// Runs `action`; an Error that leaves it carries `context` in front of its message.
template <class Action>
decltype(auto) with_context(const std::string& context, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const Error& error) {
    throw error.with_context(context);
  }
}

}  // namespace quern
