#include "quern/exporters/internal/c_kernels.h"

#include <fmt/format.h>

#include <regex>
#include <set>
#include <variant>

#include "quern/engine/kernel_args.h"

namespace quern::internal {
namespace {

/// The source files, without quern/runtime/ and .c, that an op's kernel consists of; the first has
/// a header of the same name, which declares it.
struct Sources {
  const IntModel& model;
  const IntOp& op;

  std::vector<std::string> operator()(const IntConv& conv) const {
    const std::string name = is_depthwise(model, op) ? "depthwise" : "conv";
    return {name, fmt::format("{}_w{}", name, conv.weights.bits), "requantize"};
  }
  std::vector<std::string> operator()(const IntMaxPool&) const { return {"pool", "requantize"}; }
  std::vector<std::string> operator()(const IntAveragePool&) const {
    return {"pool", "requantize"};
  }
  std::vector<std::string> operator()(const IntAdd&) const { return {"elementwise", "requantize"}; }
  std::vector<std::string> operator()(const IntAffine&) const {
    return {"elementwise", "requantize"};
  }
  std::vector<std::string> operator()(const IntLookup&) const {
    return {"elementwise", "requantize"};
  }
  std::vector<std::string> operator()(const IntConcat&) const { return {"move"}; }
  std::vector<std::string> operator()(const IntPad&) const { return {"move"}; }
  std::vector<std::string> operator()(const IntResize&) const { return {"move"}; }
};

std::vector<std::string> sources_of(const IntModel& model, const IntOp& op) {
  return std::visit(Sources{model, op}, op.kind);
}

std::string in_runtime(const std::string& name) { return "quern/runtime/" + name; }

/// Adds a file and, over and over, what it includes.
void add(const std::string& path, TextFiles& files) {
  const std::string& text = runtime_files().at(path);
  if (!files.emplace(path, text).second) return;
  static const std::regex include("#include \"(quern/[^\"]+)\"");
  for (std::sregex_iterator found(text.begin(), text.end(), include), end; found != end; ++found) {
    add((*found)[1], files);
  }
}

}  // namespace

std::string conv_kernel_name(const IntModel& model, const IntOp& op) {
  return "quern_" + sources_of(model, op).at(1);
}

TextFiles kernel_files(const IntModel& model) {
  TextFiles files;
  add(in_runtime("tensor.h"), files);
  for (const IntOp& op : model.ops) {
    for (const std::string& source : sources_of(model, op)) add(in_runtime(source + ".c"), files);
  }
  return files;
}

std::vector<std::string> kernel_headers(const IntModel& model) {
  std::set<std::string> headers;
  for (const IntOp& op : model.ops) {
    headers.insert(in_runtime(sources_of(model, op).front() + ".h"));
  }
  return {headers.begin(), headers.end()};
}

}  // namespace quern::internal
