#include "quern/report/csv.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace quern {
namespace {

std::string cell(std::string text) {
  // A spreadsheet would compute a name that begins like a formula.
  if (text.find_first_of("=+-@\t\r") == 0) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + '"';
}
std::string cell(double value) { return fmt::format("{}", value); }
std::string cell(std::int64_t value) { return fmt::format("{}", value); }
template <class T>
std::string cell(const std::optional<T>& value) {
  return value ? cell(*value) : "";
}

constexpr std::array<std::string_view, 10> kGridColumns = {
    "grid",       "bits",      "scale_low",  "scale_high", "range_low",
    "range_high", "value_low", "value_high", "clipped",    "sqnr_db"};

void add_grid(const std::optional<GridFigures>& grid, std::vector<std::string>& cells) {
  if (!grid) {
    cells.resize(cells.size() + kGridColumns.size());
    return;
  }
  for (std::string& text :
       std::array{cell(grid->grid), cell(std::int64_t{grid->bits}), cell(grid->scale_low),
                  cell(grid->scale_high), cell(grid->range_low), cell(grid->range_high),
                  cell(grid->value_low), cell(grid->value_high), cell(grid->clipped),
                  cell(grid->sqnr_db)}) {
    cells.push_back(std::move(text));
  }
}

std::string line(const std::vector<std::string>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) text += (i > 0 ? "," : "") + cells[i];
  return text + "\n";
}

std::vector<std::string> header() {
  std::vector<std::string> names = {"layer",        "op",   "kind",   "output_shape",
                                    "weight_shape", "macs", "weights"};
  for (const char* tensor : {"weight", "activation"}) {
    for (const std::string_view column : kGridColumns) {
      names.push_back(fmt::format("{}_{}", tensor, column));
    }
  }
  for (const char* name : {"weight_final_sqnr_db", "alone_db", "effect_db", "together_db"}) {
    names.emplace_back(name);
  }
  return names;
}

}  // namespace

std::string layers_csv(const RunReport& report) {
  std::string text = line(header());
  for (const LayerFigures& layer : report.layers) {
    std::vector<std::string> cells = {
        cell(layer.layer),        cell(layer.op),   cell(layer.kind),   cell(layer.output_shape),
        cell(layer.weight_shape), cell(layer.macs), cell(layer.weights)};
    add_grid(layer.weight, cells);
    add_grid(layer.activation, cells);
    for (const auto& figure :
         {layer.weight_sqnr_db, layer.alone_db, layer.effect_db, layer.together_db}) {
      cells.push_back(cell(figure));
    }
    text += line(cells);
  }
  return text;
}

std::string steps_csv(const RunReport& report) {
  std::string text = line({"step", "layer", "output_db", "codes_changed", "sqnr_before_db",
                           "sqnr_after_db", "factor_low", "factor_high", "range_before",
                           "range_after", "bias_shift", "weight_scale", "output_scale"});
  for (const StepFigures& step : report.steps) {
    std::vector<std::string> whole = {cell(step.name), "", cell(step.output_db)};
    whole.resize(13);
    text += line(whole);
    for (const LayerChange& change : step.changes) {
      text +=
          line({cell(step.name), cell(change.layer), "", cell(change.codes_changed),
                cell(change.sqnr_before_db), cell(change.sqnr_after_db), cell(change.factor_low),
                cell(change.factor_high), cell(change.range_before), cell(change.range_after),
                cell(change.bias_shift), cell(change.weight_scale), cell(change.output_scale)});
    }
  }
  return text;
}

std::string summary_csv(const RunReport& report) {
  std::string text = line({"name", "value"});
  const auto add = [&](const std::string& name, const auto& value) {
    text += line({cell(name), cell(value)});
  };
  add("network", report.network);
  for (const Setting& setting : report.settings) add("setting " + setting.name, setting.value);
  add("calibration_images", report.calibration_images);
  add("report_images", report.report_images);
  add("is_held_back", std::int64_t{report.is_held_back});
  add("quantizers", report.quantizers);
  add("weights", report.weights);
  add("weight_bits", report.weight_bits);
  add("output_db", report.output_db);
  if (report.accuracy) {
    add("accuracy images", report.accuracy->images);
    for (const MetricFigures& metric : report.accuracy->metrics) {
      add("accuracy " + metric.name, metric.quantized);
      if (metric.reference) add("accuracy of float " + metric.name, metric.reference);
    }
    add("accuracy floor", report.accuracy->floor);
    add("accuracy agreement", report.accuracy->agreement);
    add("accuracy sqnr_db", report.accuracy->sqnr_db);
  }
  for (const std::string& note : report.notes) add("note", note);
  return text;
}

}  // namespace quern
