#include "quern/pipeline/dump_integers.h"

#include <gmock/gmock.h>

#include "quern/lower/lower.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class DumpIntegers : public testing::Test {
 protected:
  Dump dump_of(DumpKind kind) const {
    const IntegerNetwork network(lower(network_.graph).model, network_.loader.preprocessing);
    return dump_integers(network, network_.samples, network_.loader, kind);
  }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork network_ = test::quantized_network(folder_.path());
};

TEST_F(DumpIntegers, HoldsCodesByTheNamesThatAGraphsDumpHas) {
  const Dump floats = dump(network_.graph, network_.samples, network_.loader, DumpKind::kCodes);
  const Dump integers = dump_of(DumpKind::kCodes);
  EXPECT_EQ(integers.samples, floats.samples);
  int compared = 0;
  for (const auto& [name, codes] : floats.arrays) {
    const auto found = integers.arrays.find(name);
    if (found == integers.arrays.end() || codes.dtype() == DType::kFloat32) continue;
    const std::vector<std::int32_t> a = to_vector<std::int32_t>(codes);
    const std::vector<std::int32_t> b = to_vector<std::int32_t>(found->second);
    ASSERT_EQ(a.size(), b.size()) << name;
    EXPECT_EQ(codes.dtype(), found->second.dtype()) << name;
    // Errors of a code add up from layer to layer: two, at the end of this network.
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2) << name;
    ++compared;
  }
  EXPECT_GT(compared, 4);
}

TEST_F(DumpIntegers, HoldsLogitsAlone) {
  const Dump integers = dump_of(DumpKind::kLogits);
  ASSERT_EQ(integers.arrays.size(), 1U);
  const auto& [name, logits] = *integers.arrays.begin();
  EXPECT_EQ(name, network_.graph.value(network_.graph.outputs()[0]).name);
  EXPECT_EQ(logits.shape(), (Shape{6, 5}));
  EXPECT_EQ(logits.dtype(), DType::kFloat32);
}

}  // namespace
}  // namespace quern
