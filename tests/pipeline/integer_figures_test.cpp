#include "quern/pipeline/integer_figures.h"

#include <gmock/gmock.h>

#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/integer_network.h"
#include "quern/lower/lower.h"
#include "tests/support/expect_error.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class IntegerFigures : public testing::Test {
 protected:
  IntegerFigures() : net_(test::quantized_network(folder_.path())) {
    net_.graph.preprocessing = net_.loader.preprocessing;
    for (Sample& sample : net_.samples) sample.label %= 5;  // The network's outputs.
    recipe_.data.cache = "none";
    recipe_.train.integers = "log";
  }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork net_;
  Recipe recipe_;
};

TEST_F(IntegerFigures, AreThoseOfTheLoweredFile) {
  LabelledSet set;
  set.samples = net_.samples;
  const Validation validation(recipe_, set, *net_.graph.preprocessing);
  const IntegerNetwork integers(lower(net_.graph).model, *net_.graph.preprocessing);
  const ValidationFigures found = integer_figures(recipe_, net_.graph, validation);
  EXPECT_DOUBLE_EQ(found.metrics.at("top1").get<double>(),
                   evaluate_accuracy(integers, net_.samples, {.loader = net_.loader}).top1);
}

TEST_F(IntegerFigures, ScalesThatAreNotKnownYetRefuseNothing) {
  for (const ScaleId id : net_.graph.scales()) {
    if (net_.graph.scale(id).values.size() == 1) net_.graph.scale(id).values.clear();
  }
  check_integers(recipe_, net_.graph);
}

TEST_F(IntegerFigures, OfAFloatNetworkAreRefused) {
  recipe_.quantize.scheme = "none";
  test::expect_error(ErrorCode::kInvalidArgument,
                     "train.integers is 'log', and quantize.scheme 'none' trains a float network: "
                     "expected 'off'",
                     [&] { check_integers(recipe_, net_.float_graph); });
  recipe_.train.integers = "off";
  check_integers(recipe_, net_.float_graph);
}

TEST_F(IntegerFigures, OfALayerWithoutIntegersAreRefused) {
  for (const QuantizerId id : net_.graph.quantizers()) net_.graph.quantizer(id).spec.bits = 12;
  test::expect_error(ErrorCode::kUnsupported, "train.integers = 'log': cannot lower layer '",
                     [&] { check_integers(recipe_, net_.graph); });
}

}  // namespace
}  // namespace quern
