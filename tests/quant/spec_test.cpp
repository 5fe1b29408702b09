#include "quern/quant/spec.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(QuantSpec, CodesOfEveryKindOfGrid) {
  struct Case {
    QuantSpec spec;
    std::int64_t qmin, qmax, threshold_code;
    const char* text;
  };
  const Case cases[] = {
      {{.bits = 8}, -128, 127, 128, "int8"},
      {{.bits = 4, .narrow_range = true}, -7, 7, 7, "int4 narrow"},
      {{.bits = 8, .is_signed = false}, 0, 255, 255, "uint8"},
      {{.bits = 2, .is_signed = false, .narrow_range = true}, 0, 2, 2, "uint2 narrow"},
      {{.bits = 1, .is_signed = false}, 0, 1, 1, "uint1"},
      {{.bits = 1}, -1, 1, 1, "bipolar"},
      {{.bits = 32}, -2147483648LL, 2147483647LL, 2147483648LL, "int32"},
  };
  for (const Case& given : cases) {
    EXPECT_EQ(given.spec.qmin(), given.qmin) << given.text;
    EXPECT_EQ(given.spec.qmax(), given.qmax) << given.text;
    EXPECT_EQ(given.spec.threshold_code(), given.threshold_code) << given.text;
    EXPECT_EQ(to_string(given.spec), given.text);
  }
}

TEST(QuantSpec, RefusesBitsOutsideTheirRange) {
  test::expect_error(ErrorCode::kInvalidArgument, "rule 2: bits must be 1 to 32, got 0",
                     [] { check({.bits = 0}, "rule 2"); });
  test::expect_error(ErrorCode::kInvalidArgument, "got 64", [] { check({.bits = 64}, "rule 2"); });
  test::expect_error(ErrorCode::kInvalidArgument, "single code",
                     [] { check({.bits = 1, .is_signed = false, .narrow_range = true}, "q"); });
}

TEST(Rounding, NamesGoBothWays) {
  for (const Rounding rounding :
       {Rounding::kHalfEven, Rounding::kFloor, Rounding::kCeil, Rounding::kToZero}) {
    EXPECT_EQ(rounding_from(name(rounding)), rounding);
  }
  EXPECT_EQ(name(Rounding::kToZero), "DOWN");
  EXPECT_EQ(rounding_from("ROUND_TO_ZERO"), Rounding::kToZero);
  EXPECT_EQ(rounding_from("HALF_EVEN"), Rounding::kHalfEven);
  test::expect_error(ErrorCode::kUnsupported, "rounding_mode 'DITHER'",
                     [] { rounding_from("DITHER"); });
}

}  // namespace
}  // namespace quern
