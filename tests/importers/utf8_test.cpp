#include "quern/importers/utf8.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(Utf8, AcceptsEveryLength) {
  for (const char* text : {"", "a", "\xc3\xa9", "\xe5\xb1\x82", "\xf0\x9f\x94\xa5"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatNoCodePointHas) {
  for (const char* text : {"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xff", "\xe0\x80\xaf", "caf\xe9"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, NamesWhatIsWrong) {
  test::expect_error(ErrorCode::kParse, "the name of an output is not UTF-8",
                     [] { require_utf8("\xff", "an output"); });
}

}  // namespace
}  // namespace quern
