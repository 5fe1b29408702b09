#include "quern/quant/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/base/error.h"

namespace quern {
namespace {

using testing::HasSubstr;

RuleSubject conv(std::string layer, std::int64_t groups = 1) {
  return {.layer = std::move(layer), .op = "Conv", .depthwise = groups > 1, .groups = groups};
}

Rule weight_rule(int bits) { return {.spec = {.weight_bits = bits}}; }

template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

TEST(Rules, GlobsMatchWholeNames) {
  EXPECT_TRUE(matches_glob("features.0.0", "features.0.0"));
  EXPECT_FALSE(matches_glob("features.0", "features.0.0"));
  EXPECT_TRUE(matches_glob("features.*", "features.0.0"));
  EXPECT_TRUE(matches_glob("*.conv.?", "features.1.conv.2"));
  EXPECT_FALSE(matches_glob("*.conv.?", "features.1.conv.12"));
  EXPECT_TRUE(matches_glob("*a*b*", "xxaybz"));
  EXPECT_TRUE(matches_glob("a*ab", "aaab"));
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_TRUE(matches_glob("**", ""));
  EXPECT_FALSE(matches_glob("?", ""));
}

TEST(Rules, ComparisonsReadTheirSigns) {
  EXPECT_EQ(comparison_from("1"), (Comparison{Comparison::Kind::kEqual, 1}));
  EXPECT_EQ(comparison_from("!= 1"), (Comparison{Comparison::Kind::kNotEqual, 1}));
  EXPECT_EQ(comparison_from(">=32"), (Comparison{Comparison::Kind::kGreaterEqual, 32}));
  EXPECT_TRUE(comparison_from("> 1").holds(2));
  EXPECT_FALSE(comparison_from("> 1").holds(1));
  EXPECT_TRUE(comparison_from("<= 1").holds(1));
  EXPECT_FALSE(comparison_from("< 1").holds(1));
  for (const std::string text : {"= 1", "!= 1", "< 1", "<= 1", "> 1", ">= 1"}) {
    EXPECT_EQ(to_string(comparison_from(text)), text);
  }
  EXPECT_EQ(message_of([] { comparison_from("> one"); }),
            "'> one' is no comparison, expected a number after =, !=, <, <=, > or >=");
}

TEST(Rules, TheLastMatchDecidesKeyByKey) {
  RuleSet rules({{.op = "Conv", .spec = {.weight_bits = 4, .activation_bits = 6}},
                 {.groups = comparison_from("!= 1"), .spec = {.weight_bits = 8}},
                 {.layer = "features.0.0", .spec = {.weight_bits = 8}}});

  EXPECT_EQ(rules.spec(conv("features.1.0"), Role::kWeight), (PartialSpec{.weight_bits = 4}));
  EXPECT_EQ(rules.spec(conv("features.1.1", 16), Role::kWeight), (PartialSpec{.weight_bits = 8}));
  EXPECT_EQ(rules.spec(conv("features.0.0"), Role::kWeight), (PartialSpec{.weight_bits = 8}));
  EXPECT_EQ(rules.spec(conv("features.0.0"), Role::kOutput), (PartialSpec{.activation_bits = 6}));
  EXPECT_EQ(rules.spec({.layer = "fc", .op = "Gemm"}, Role::kWeight), PartialSpec{});
}

TEST(Rules, MatchFirstLastDepthwiseAndRole) {
  RuleSet rules({{.depthwise = true, .spec = {.weight_bits = 7}},
                 {.first = true, .spec = {.weight_bits = 5}},
                 {.last = true, .spec = {.weight_bits = 6}},
                 {.role = Role::kBias, .spec = {.quantize = false}}});
  RuleSubject first = conv("a");
  first.first = true;
  RuleSubject last = conv("z");
  last.last = true;

  EXPECT_EQ(rules.spec(conv("dw", 8), Role::kWeight).weight_bits, 7);
  EXPECT_EQ(rules.spec(first, Role::kWeight).weight_bits, 5);
  EXPECT_EQ(rules.spec(last, Role::kWeight).weight_bits, 6);
  EXPECT_EQ(rules.spec(last, Role::kBias).quantize, false);
  EXPECT_EQ(rules.spec(last, Role::kWeight).quantize, std::nullopt);
}

TEST(Rules, ActivationBitsAreTheOutputsUnlessTheRuleNamesTheInput) {
  RuleSet rules({{.spec = {.activation_bits = 4}},
                 {.layer = "b", .role = Role::kInput, .spec = {.activation_bits = 8}}});

  EXPECT_EQ(rules.spec(conv("a"), Role::kInput), PartialSpec{});
  EXPECT_EQ(rules.spec(conv("b"), Role::kInput).activation_bits, 8);
  EXPECT_EQ(rules.spec(conv("b"), Role::kOutput).activation_bits, 4);
}

TEST(Rules, ReachHowAThresholdIsFound) {
  RuleSet rules({{.op = "Conv", .spec = {.observer = "mse", .weight_method = "max"}},
                 {.layer = "b", .spec = {.observer = "percentile", .percentile = 99.9}},
                 {.layer = "b", .spec = {.weight_percentile = 98}}});

  EXPECT_EQ(rules.spec(conv("a"), Role::kOutput), (PartialSpec{.observer = "mse"}));
  EXPECT_EQ(rules.spec(conv("a"), Role::kWeight), (PartialSpec{.weight_method = "max"}));
  EXPECT_EQ(rules.spec(conv("b"), Role::kOutput),
            (PartialSpec{.observer = "percentile", .percentile = 99.9}));
  EXPECT_EQ(rules.spec(conv("b"), Role::kWeight),
            (PartialSpec{.weight_method = "max", .weight_percentile = 98}));
  EXPECT_EQ(rules.spec(conv("a"), Role::kInput), PartialSpec{});
}

TEST(Rules, ReachGranularity) {
  RuleSet rules({{.op = "Conv", .spec = {.weight_granularity = Granularity::kPerTensor}}});
  EXPECT_EQ(rules.spec(conv("a"), Role::kWeight),
            (PartialSpec{.weight_granularity = Granularity::kPerTensor}));
  EXPECT_EQ(rules.spec(conv("a"), Role::kOutput), PartialSpec{});
  EXPECT_EQ(granularity_from(name(Granularity::kPerChannel)), Granularity::kPerChannel);
  EXPECT_EQ(granularity_from("per_tensor"), Granularity::kPerTensor);
  EXPECT_EQ(message_of([] { granularity_from("per_row"); }),
            "granularity must be per_tensor or per_channel, got 'per_row'");
}

TEST(Rules, AskNoObserverWhereTheNetworkGivesTheThreshold) {
  RuleSet rules({{.layer = "a", .spec = {.observer = "mse"}}});

  EXPECT_EQ(rules.spec(conv("a"), Role::kOutput, /*is_measured=*/false), PartialSpec{});
  rules.spec(conv("a"), Role::kWeight);
  EXPECT_EQ(message_of([&] { rules.require_all_used(); }),
            "rule 1 (layer = 'a') applies to nothing in this network: it decides observer, but of "
            "'a' it can decide quantize, weight_bits, activation_bits, weight_method, "
            "weight_percentile, weight_granularity");
}

TEST(Rules, AFunctionHasTheLastWord) {
  RuleSet rules({weight_rule(8)}, [](const RuleSubject& subject, Role) {
    return PartialSpec{.weight_bits = subject.groups == 1 ? 4 : 8};
  });

  EXPECT_EQ(rules.spec(conv("a"), Role::kWeight).weight_bits, 4);
  EXPECT_EQ(rules.spec(conv("b", 4), Role::kWeight).weight_bits, 8);
}

TEST(Rules, RefuseBitsOutOfRange) {
  EXPECT_EQ(message_of([] {
              RuleSet({weight_rule(8), weight_rule(40)});
            }),
            "rule 2: weight_bits must be 1 to 16, got 40");
  EXPECT_EQ(message_of([] { RuleSet({{.spec = {.activation_bits = 0}}}); }),
            "rule 1: activation_bits must be 1 to 16, got 0");
  RuleSet rules({}, [](const RuleSubject&, Role) { return PartialSpec{.weight_bits = 64}; });
  EXPECT_EQ(message_of([&] { rules.spec(conv("a"), Role::kWeight); }),
            "layer 'a': weight_bits must be 1 to 16, got 64");
}

TEST(Rules, RefusePercentilesOutOfRange) {
  EXPECT_THAT(message_of([] { RuleSet({{.spec = {.percentile = 90}}}); }),
              HasSubstr("rule 1: percentile must be 99 to 100, got 90"));
  EXPECT_EQ(message_of([] { RuleSet({{.spec = {.weight_percentile = 0}}}); }),
            "rule 1: weight_percentile must be above 0 and at most 100, got 0");
  RuleSet rules({}, [](const RuleSubject&, Role) { return PartialSpec{.percentile = 101}; });
  EXPECT_THAT(message_of([&] { rules.spec(conv("a"), Role::kOutput); }),
              HasSubstr("layer 'a': percentile must be 99 to 100, got 101"));
}

TEST(Rules, RefuseARuleThatDecidesNothing) {
  EXPECT_THAT(message_of([] { RuleSet({{.layer = "a"}}); }),
              HasSubstr("rule 1 (layer = 'a') decides nothing, expected one of quantize, "
                        "weight_bits, activation_bits, observer"));
  EXPECT_EQ(message_of([] { RuleSet({{.role = Role::kOutput, .spec = {.weight_bits = 4}}}); }),
            "rule 1: weight_bits does not belong to the role 'output'");
  EXPECT_EQ(message_of([] { RuleSet({{.role = Role::kWeight, .spec = {.observer = "mse"}}}); }),
            "rule 1: observer does not belong to the role 'weight'");
}

TEST(Rules, RefuseARuleThatAppliesToNothing) {
  RuleSet rules({{.layer = "features.*", .spec = {.weight_bits = 4}},
                 {.layer = "fetures.0.0", .depthwise = true, .spec = {.weight_bits = 8}}});
  rules.spec(conv("features.0.0"), Role::kWeight);
  rules.spec(conv("classifier.1"), Role::kWeight);

  EXPECT_EQ(message_of([&] { rules.require_all_used(); }),
            "rule 2 (layer = 'fetures.0.0', depthwise = true) applies to nothing in this network "
            "(the nearest layer is 'features.0.0')");
}

TEST(Rules, ARuleWhoseKeysNeverMatterAppliesToNothing) {
  RuleSet rules({{.op = "Add", .spec = {.weight_bits = 4}}});
  rules.spec({.layer = "add", .op = "Add"}, Role::kOutput);

  EXPECT_EQ(message_of([&] { rules.require_all_used(); }),
            "rule 1 (op = 'Add') applies to nothing in this network: it decides weight_bits, but "
            "of 'add' it can decide quantize, activation_bits, observer, percentile");
}

TEST(Rules, ARoleThatNoMatchHasAppliesToNothing) {
  RuleSet rules({{.op = "Relu", .role = Role::kInput, .spec = {.activation_bits = 8}}});
  rules.spec({.layer = "relu1", .op = "Relu"}, Role::kOutput);
  rules.spec({.layer = "relu2", .op = "Relu"}, Role::kOutput);
  rules.spec(conv("a"), Role::kInput);

  EXPECT_EQ(message_of([&] { rules.require_all_used(); }),
            "rule 1 (op = 'Relu', role = 'input') applies to nothing in this network: of 'relu1' "
            "and 1 more it can decide the output");
}

TEST(Rules, SayWhatARuleOfInputsWithoutALayerAppliedTo) {
  RuleSet rules({{.role = Role::kInput, .spec = {.activation_bits = 8}},
                 {.layer = "b", .role = Role::kInput, .spec = {.activation_bits = 6}}});
  rules.spec(conv("a"), Role::kInput);
  rules.spec(conv("b"), Role::kInput);
  rules.spec(conv("b"), Role::kInput);

  EXPECT_THAT(rules.notes(),
              testing::ElementsAre("rule 1 (role = 'input') applies to what 2 layers read, 'a' "
                                   "first; first = true would leave the network's input alone"));
}

TEST(Rules, SayWhichRuleLaterOnesOverride) {
  RuleSet rules({{.layer = "a", .spec = {.weight_bits = 4}},
                 {.op = "Conv", .spec = {.weight_bits = 8, .activation_bits = 6}},
                 {.op = "Conv", .spec = {.activation_bits = 5}}});
  rules.spec(conv("a"), Role::kWeight);
  rules.spec(conv("b"), Role::kWeight);
  rules.spec(conv("a"), Role::kOutput);

  EXPECT_THAT(rules.notes(), testing::ElementsAre("rule 1 (layer = 'a') changes nothing: later "
                                                  "rules decide all of it"));
}

TEST(Rules, RefuseToDecideWhatStaysFloat) {
  EXPECT_EQ(
      message_of([] { RuleSet({{.layer = "a", .spec = {.quantize = false, .weight_bits = 4}}}); }),
      "rule 1 (layer = 'a'): quantize = false leaves nothing that weight_bits could decide");
}

TEST(Rules, RolesHaveNames) {
  for (const Role role : {Role::kWeight, Role::kInput, Role::kOutput, Role::kBias}) {
    EXPECT_EQ(role_from(name(role)), role);
  }
  EXPECT_EQ(message_of([] { role_from("weights"); }),
            "role must be weight, input, output or bias, got 'weights'");
}

}  // namespace
}  // namespace quern
