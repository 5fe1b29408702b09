#pragma once

#include <gmock/gmock.h>

#include "quern/base/error.h"

namespace quern::test {

/// Expects `action` to throw an Error of `code` whose sentence contains `part`.
template <class Action>
void expect_error(ErrorCode code, const std::string& part, Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

}  // namespace quern::test
