#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/expect_error.h"
#include "tests/support/lowered_network.h"

namespace quern::test {

/// Small networks that are about one op.
class LoweredOp : public LoweredNetwork {
 protected:
  LoweredOp() : LoweredNetwork(/*photos=*/2) {}

  /// Lowers the quantized network and holds every layer against fake-quant: a code apart in at most
  /// one of `rare`. @return the model.
  IntModel expect_lowered(const Graph& network, const LowerOptions& options = {}, int bits = 8,
                          std::int64_t rare = 1000) const {
    return expect_faithful(quantized(network, bits, bits), options, rare);
  }

  IntModel expect_faithful(const Graph& graph, const LowerOptions& options = {},
                           std::int64_t rare = 1000) const {
    IntModel model = lower(graph, options).model;
    const CodeDifferences found = compare(graph, model);
    EXPECT_GT(found.elements, 0);
    EXPECT_LE(found.largest, 1) << found.first_layer;
    EXPECT_LE(found.differing, found.elements / rare) << found.first_layer;
    return model;
  }

  void expect_refused(const Graph& graph, const std::string& part) const {
    expect_error(ErrorCode::kUnsupported, part, [&] { lower(graph); });
  }

  void expect_network_refused(const Graph& network, const std::string& part) const {
    expect_refused(quantized(network, 8, 8), part);
  }

  /// The op of a layer, of the kind asked for.
  template <class Kind>
  static const Kind& kind_of(const IntModel& model, const std::string& layer) {
    for (const IntOp& op : model.ops) {
      if (op.layer == layer && std::holds_alternative<Kind>(op.kind)) {
        return std::get<Kind>(op.kind);
      }
    }
    fail(ErrorCode::kInternal, "the model has no such layer '{}'", layer);
  }

  template <class Kind>
  static std::int64_t count_of(const IntModel& model) {
    return std::ranges::count_if(
        model.ops, [](const IntOp& op) { return std::holds_alternative<Kind>(op.kind); });
  }
};

using Integers = std::vector<std::int64_t>;

}  // namespace quern::test
