#include "quern/base/isa.h"

#include <gmock/gmock.h>

#include "quern/base/error.h"

namespace quern {
namespace {

TEST(Isa, CanAlwaysBeForcedToThoseThisCpuHas) {
  ASSERT_FALSE(available_isas().empty());
  EXPECT_EQ(available_isas().front(), Isa::kPortable);
  for (const Isa isa : available_isas()) EXPECT_EQ(isa_from(name(isa)), isa);
}

TEST(Isa, RefusesAWordItDoesNotKnow) {
  try {
    isa_from("sse9");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), testing::HasSubstr("'sse9'"));
  }
}

}  // namespace
}  // namespace quern
