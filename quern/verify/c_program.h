#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/temporary_folder.h"
#include "quern/engine/int_model.h"
#include "quern/verify/op_runner.h"

namespace quern {

/// Where generated C runs.
enum class CMachine : std::uint8_t {
  kHost,  ///< This machine.
  kM4,    ///< A Cortex-M4 with all the memory of its board, run by QEMU.
};

/// "host", "m4". @throws Error(kInvalidArgument) for another word.
CMachine c_machine_from(std::string_view name);
std::string_view to_string(CMachine machine);

/// The C that export_c makes of a network, compiled, in a temporary folder.
class CProgram {
 public:
  /// @param variables  Of make, such as "CC=clang".
  /// @throws Error(kUnsupported) with what make says where the C can not be built; errors of
  ///         export_c and run_process.
  CProgram(IntModel model, CMachine machine, const std::vector<std::string>& variables = {});
  CProgram(const CProgram&) = delete;
  CProgram& operator=(const CProgram&) = delete;

  /// What every op computes from these codes, one byte each: those of all inputs, one after the
  /// other, [height, width, channels]. Runs of several threads do not disturb each other.
  /// @throws Error(kUnsupported) where the program fails or says something else.
  std::vector<Integers> run(std::span<const std::uint8_t> codes) const;

 private:
  std::vector<Integers> parse(std::span<const std::byte> trace) const;

  IntModel model_;
  std::string target_;  ///< Of make.
  std::vector<std::string> variables_;
  TemporaryFolder folder_;
  mutable std::atomic<int> runs_ = 0;
};

}  // namespace quern
