#include "cli/commands.h"

namespace quern::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> list = {
      {"demo", "Train a network to see fire and smoke on painted photos, in float and at 4 bits"},
      {"init", "Write a commented recipe", add_init},
      {"zoo", "List the built-in networks", add_zoo},
      {"import-weights", "Fill a built-in network with the weights of a file", add_import_weights},
      {"info", "Show layers, shapes, cost, bits; what a target would refuse", add_info},
      {"train", "Train a network, float or quantization-aware"},
      {"quantize", "Post-training quantization: a float network and photos in, QONNX out"},
      {"report", "Write a run's report again"},
      {"evaluate", "Measure accuracy on labelled photos"},
      {"run", "Predict photos; dump logits and codes"},
      {"lower", "Turn a quantized network into integers: a .quern file", add_lower},
      {"verify", "Hold integers against the quantized network, layer by layer, on photos"},
      {"export", "Write a model for a target", add_export},
      {"bench", "Measure what a step of training costs"},
  };
  return list;
}

}  // namespace quern::cli
