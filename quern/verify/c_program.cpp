#include "quern/verify/c_program.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/process.h"
#include "quern/exporters/c_code.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> make(const fs::path& folder, const std::string& target,
                              const std::vector<std::string>& variables) {
  std::vector<std::string> arguments = {"make",          "-s",  "--no-print-directory", "-C",
                                        folder.string(), target};
  arguments.insert(arguments.end(), variables.begin(), variables.end());
  return arguments;
}

[[noreturn]] void fail_with(const std::string& what, const fs::path& errors) {
  constexpr std::size_t kMost = 400;
  const std::string text = read_text(errors);
  fail(ErrorCode::kUnsupported, "{}: {}", what, text.substr(0, kMost));
}

}  // namespace

CMachine c_machine_from(std::string_view name) {
  for (const CMachine machine : {CMachine::kHost, CMachine::kM4}) {
    if (name == to_string(machine)) return machine;
  }
  fail(ErrorCode::kInvalidArgument, "unknown machine '{}', expected host or m4", name);
}

std::string_view to_string(CMachine machine) { return machine == CMachine::kHost ? "host" : "m4"; }

CProgram::CProgram(IntModel model, CMachine machine, const std::vector<std::string>& variables)
    : model_(std::move(model)),
      target_(fmt::format("trace-{}", to_string(machine))),
      variables_(variables) {
  // All that the board has: what is held against other forms are the numbers, not a budget.
  if (machine == CMachine::kM4) variables_.insert(variables_.end(), {"FLASH=4M", "RAM=4M"});
  export_c(model_, folder_.path());
  const fs::path errors = folder_ / "errors";
  const std::string program = fmt::format("build/{}/trace", to_string(machine));
  if (run_process(make(folder_.path(), program, variables_), {.errors = errors}) != 0) {
    fail_with(fmt::format("the generated C can not be built for {}", to_string(machine)), errors);
  }
}

std::vector<Integers> CProgram::run(std::span<const std::uint8_t> codes) const {
  const int number = runs_++;
  const auto path = [&](const char* what) { return folder_ / fmt::format("{}{}", what, number); };
  const Streams streams = {
      .input = path("input"), .output = path("output"), .errors = path("errors")};
  write_file(streams.input, std::as_bytes(codes));
  const int code = run_process(make(folder_.path(), target_, variables_), streams);
  if (code != 0) fail_with("the generated C does not run", streams.errors);
  std::vector<Integers> values = parse(read_file(streams.output));
  for (const fs::path& file : {streams.input, streams.output, streams.errors}) fs::remove(file);
  return values;
}

std::vector<Integers> CProgram::parse(std::span<const std::byte> trace) const {
  std::vector<Integers> values(model_.ops.size());
  std::size_t expected = 0;
  for (const IntStep& step : model_.schedule) {
    const auto op = static_cast<std::size_t>(step.op);
    const IntTensor& tensor = model_.tensors[static_cast<std::size_t>(model_.ops[op].output)];
    const auto row =
        static_cast<std::size_t>(tensor.width) * static_cast<std::size_t>(tensor.channels);
    values[op].resize(row * static_cast<std::size_t>(tensor.height));
    const std::size_t size = tensor.bits == 32 ? sizeof(std::int32_t) : 1;
    const auto end = static_cast<std::size_t>(step.row_end) * row;
    for (std::size_t i = static_cast<std::size_t>(step.row_begin) * row; i < end; ++i) {
      if (expected + size <= trace.size()) std::memcpy(&values[op][i], &trace[expected], size);
      expected += size;
    }
  }
  if (trace.size() != expected) {
    fail(ErrorCode::kUnsupported, "the generated C wrote {} bytes, expected {}", trace.size(),
         expected);
  }
  return values;
}

}  // namespace quern
