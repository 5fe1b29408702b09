// The module with the verbs that need LibTorch.
#include "cli/commands.h"

extern "C" const quern::cli::Command* quern_torch_commands() {
  using namespace quern::cli;
  static const Command list[] = {
      {"bench", "", add_bench},   {"demo", "", add_demo},         {"quantize", "", add_quantize},
      {"report", "", add_report}, {"evaluate", "", add_evaluate}, {"run", "", add_run},
      {"train", "", add_train},   {"verify", "", add_verify},     {}};
  return list;
}
