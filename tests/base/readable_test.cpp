#include "quern/base/readable.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

TEST(Readable, KeepsOrdinaryText) {
  EXPECT_EQ(readable("layer 'größe/π': 3 × 3"), "layer 'größe/π': 3 × 3");
  EXPECT_EQ(readable(""), "");
}

TEST(Readable, EscapesWhatWouldSteerATerminal) {
  EXPECT_EQ(readable("a\x1b[31m\nb\x7f"), "a\\x1b[31m\\x0ab\\x7f");
  EXPECT_EQ(readable("a\xC2\x9B"
                     "2J"),
            "a\\x9b2J");
  EXPECT_EQ(readable(std::string_view("\0", 1)), "\\x00");
}

TEST(Readable, CutsTheMiddleOutOfLongText) {
  EXPECT_EQ(readable("abcdefghi", 6), "abcd…hi");
  EXPECT_EQ(readable("abcdef", 6), "abcdef");
}

TEST(Readable, CutsBetweenCharacters) { EXPECT_EQ(readable("äöüäöü", 6), "äö…ü"); }

}  // namespace
}  // namespace quern
