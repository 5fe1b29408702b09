#include "quern/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

/// The Error that `action` throws.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorCode::kInternal, ""};
}

TEST(Error, FailFormatsItsMessage) {
  const Error error = error_of([] { fail(ErrorCode::kIo, "cannot write {}: {}", "out.c", 28); });

  EXPECT_EQ(error.code(), ErrorCode::kIo);
  EXPECT_STREQ(error.what(), "cannot write out.c: 28");
}

TEST(Error, RequireBlamesTheCallerOnlyWhereTheConditionFails) {
  EXPECT_NO_THROW(require(true, "unused"));

  const Error error = error_of([] { require(false, "bits must be 1 to 32, got {}", 40); });

  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_STREQ(error.what(), "bits must be 1 to 32, got 40");
}

TEST(Error, EnsureBlamesQuern) {
  EXPECT_NO_THROW(ensure(true, "unused"));
  EXPECT_EQ(error_of([] { ensure(false, "broken"); }).code(), ErrorCode::kInternal);
}

TEST(Error, ContextGoesInFrontAndKeepsTheCode) {
  const Error error = error_of([] {
    with_context("a.onnx",
                 [] { with_context("node 'conv3'", [] { fail(ErrorCode::kParse, "no input"); }); });
  });

  EXPECT_EQ(error.code(), ErrorCode::kParse);
  EXPECT_STREQ(error.what(), "a.onnx: node 'conv3': no input");
}

TEST(Error, ContextPassesTheResultThrough) {
  EXPECT_EQ(with_context("unused", [] { return 7; }), 7);

  int value = 0;
  int& same = with_context("unused", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

}  // namespace
}  // namespace quern
