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

class LayersCsv : public testing::Test {
 protected:
  std::string cell(std::size_t row, const std::string& column) const {
    const auto found = std::ranges::find(rows_[0], column);
    EXPECT_NE(found, rows_[0].end()) << column;
    return rows_.at(row).at(static_cast<std::size_t>(found - rows_[0].begin()));
  }

  const RunReport report_ = test::full_report();
  const std::vector<Row> rows_ = read_csv(layers_csv(report_));
};

TEST_F(LayersCsv, HasALineForEachLayer) {
  ASSERT_EQ(rows_.size(), 3);
  for (const Row& row : rows_) EXPECT_EQ(row.size(), rows_[0].size());
  EXPECT_EQ(cell(1, "layer"), report_.layers[0].layer);
  EXPECT_EQ(cell(2, "layer"), "plain");
}

TEST_F(LayersCsv, HoldsTheFigures) {
  EXPECT_EQ(cell(1, "weight_bits"), "4");
  EXPECT_EQ(std::stod(cell(1, "weight_scale_high")), 0.30000001192092896);
  EXPECT_EQ(cell(1, "weight_clipped"), "0.125");
  EXPECT_EQ(cell(1, "activation_clipped"), "");
  EXPECT_EQ(cell(1, "together_db"), "-1.5");
  EXPECT_EQ(cell(2, "alone_db"), "");
  EXPECT_EQ(cell(2, "weight_grid"), "");
}

}  // namespace
}  // namespace quern
