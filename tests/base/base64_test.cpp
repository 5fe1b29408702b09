#include "quern/base/base64.h"

#include <gtest/gtest.h>

#include <string_view>

namespace quern {
namespace {

TEST(Base64, EqualsThePublishedExamples) {
  const auto of = [](std::string_view text) {
    return base64(std::as_bytes(std::span(text.data(), text.size())));
  };
  // RFC 4648, section 10.
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace quern
