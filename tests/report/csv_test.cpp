#include "quern/report/csv.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/report/report_samples.h"

namespace quern {
namespace {

using Row = std::vector<std::string>;

/// The cells of a text as RFC 4180 has them, lines ended by a line feed.
std::vector<Row> read_csv(const std::string& text) {
  std::vector<Row> rows(1, Row(1));
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& cell = rows.back().back();
    if (is_quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cell += text[++i];
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && text[i] == ',') {
      rows.back().emplace_back();
    } else if (!is_quoted && text[i] == '\n') {
      rows.emplace_back(1);
    } else {
      cell += text[i];
    }
  }
  rows.pop_back();  // After the last line feed.
  return rows;
}

class ReportCsv : public testing::Test {
 protected:
  std::string cell(std::size_t row, const std::string& column) const {
    const auto found = std::ranges::find(rows_[0], column);
    EXPECT_NE(found, rows_[0].end()) << column;
    return rows_.at(row).at(static_cast<std::size_t>(found - rows_[0].begin()));
  }

  const RunReport report_ = test::full_report();
  std::vector<Row> rows_ = read_csv(layers_csv(report_));
};

TEST_F(ReportCsv, HasALineForEachLayer) {
  ASSERT_EQ(rows_.size(), 3);
  for (const Row& row : rows_) EXPECT_EQ(row.size(), rows_[0].size());
  EXPECT_EQ(cell(1, "layer"), report_.layers[0].layer);
  EXPECT_EQ(cell(2, "layer"), "plain");
}

TEST_F(ReportCsv, HoldsTheFiguresOfLayers) {
  EXPECT_EQ(cell(1, "weight_bits"), "4");
  EXPECT_EQ(std::stod(cell(1, "weight_scale_high")), 0.30000001192092896);
  EXPECT_EQ(cell(1, "weight_clipped"), "0.125");
  EXPECT_EQ(cell(1, "activation_clipped"), "");
  EXPECT_EQ(cell(1, "together_db"), "-1.5");
  EXPECT_EQ(cell(2, "alone_db"), "");
  EXPECT_EQ(cell(2, "weight_grid"), "");
}

TEST_F(ReportCsv, HoldsWhatEachStepChanged) {
  rows_ = read_csv(steps_csv(report_));
  ASSERT_EQ(rows_.size(), 4);
  for (const Row& row : rows_) EXPECT_EQ(row.size(), rows_[0].size());
  EXPECT_EQ(cell(1, "step"), "calibrate");
  EXPECT_EQ(cell(1, "output_db"), "-2");
  EXPECT_EQ(cell(2, "step"), "gptq");
  EXPECT_EQ(cell(2, "output_db"), "");
  EXPECT_EQ(cell(3, "layer"), report_.layers[0].layer);
  EXPECT_EQ(cell(3, "codes_changed"), "0.1");
  EXPECT_EQ(cell(3, "factor_high"), "3");
  EXPECT_EQ(cell(3, "output_scale"), "2");
}

TEST_F(ReportCsv, HoldsTheFiguresOfTheRun) {
  const std::vector<Row> rows = read_csv(summary_csv(report_));
  EXPECT_THAT(rows, testing::IsSupersetOf(
                        {Row{"name", "value"}, Row{"network", report_.network},
                         Row{"setting scheme", "finn"}, Row{"output_db", "8.5"},
                         Row{"accuracy top-1", "74.5"}, Row{"accuracy of float top-1", "77.7"},
                         Row{"accuracy floor", "0.5"}, Row{"note", report_.notes[0]}}));
}

TEST_F(ReportCsv, HoldsNoFormulaThatASpreadsheetWouldCompute) {
  RunReport report = report_;
  report.layers[0].layer = "=HYPERLINK(\"http://example.org\")";
  report.layers[1].layer = "@SUM(A1)";
  const std::vector<Row> rows = read_csv(layers_csv(report));
  EXPECT_EQ(rows[1][0], "'=HYPERLINK(\"http://example.org\")");
  EXPECT_EQ(rows[2][0], "'@SUM(A1)");
  EXPECT_EQ(cell(1, "together_db"), "-1.5");
}

}  // namespace
}  // namespace quern
