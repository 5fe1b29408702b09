#include "quern/base/error.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(Error, FailFormatsItsMessage) {
  test::expect_error(ErrorCode::kIo, "cannot write out.c: 28",
                     [] { fail(ErrorCode::kIo, "cannot write {}: {}", "out.c", 28); });
}

TEST(Error, RequireBlamesTheCallerWhereTheConditionFails) {
  EXPECT_NO_THROW(require(true, "unused"));
  test::expect_error(ErrorCode::kInvalidArgument, "bits must be 1 to 32, got 40",
                     [] { require(false, "bits must be 1 to 32, got {}", 40); });
}

TEST(Error, EnsureBlamesQuern) {
  EXPECT_NO_THROW(ensure(true, "unused"));
  test::expect_error(ErrorCode::kInternal, "broken", [] { ensure(false, "broken"); });
}

TEST(Error, ContextGoesInFrontAndKeepsTheCode) {
  const auto failing = [] { fail(ErrorCode::kParse, "no input"); };
  test::expect_error(ErrorCode::kParse, "a.onnx: node 'conv3': no input", [&] {
    with_context("a.onnx", [&] { with_context("node 'conv3'", failing); });
  });
}

TEST(Error, ContextPassesTheResultThrough) {
  EXPECT_EQ(with_context("unused", [] { return 7; }), 7);

  int value = 0;
  const int& same = with_context("unused", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

}  // namespace
}  // namespace quern
