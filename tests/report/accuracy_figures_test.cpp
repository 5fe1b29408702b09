#include "quern/report/accuracy_figures.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

using testing::ElementsAre;

TEST(AccuracyFigures, HoldBothAnswersOfAClassifier) {
  Accuracy accuracy;
  accuracy.images = 750;
  accuracy.top1 = 74.5;
  accuracy.top5 = 92;
  accuracy.reference_top1 = 77.75;
  accuracy.agreement = 86;
  accuracy.sqnr_db = 8.5;

  const AccuracyFigures figures = accuracy_figures(accuracy);

  EXPECT_EQ(figures.images, 750);
  EXPECT_THAT(figures.metrics,
              ElementsAre(MetricFigures{"top-1", 74.5, 77.75}, MetricFigures{"top-5", 92, {}}));
  EXPECT_EQ(figures.floor, std::nullopt);
  EXPECT_EQ(figures.agreement, 86);
  EXPECT_EQ(figures.sqnr_db, 8.5);
}

TEST(AccuracyFigures, HoldEveryOutputOfANetworkOfSeveralAnswersInPercent) {
  MultiLabelMetrics metrics;
  metrics.outputs = {"smoke"};
  metrics.confusion = {{.true_positives = 3, .false_positives = 1, .false_negatives = 1}};
  metrics.macro_f1 = 0.75;
  metrics.exact_match = 0.5;
  metrics.floor_macro_f1 = 0.25;
  metrics.images = 5;
  metrics.reference_macro_f1 = 0.875;
  metrics.agreement = 0.5;

  const AccuracyFigures figures = accuracy_figures(metrics);

  EXPECT_EQ(figures.images, 5);
  EXPECT_THAT(
      figures.metrics,
      ElementsAre(MetricFigures{"macro F1", 75, 87.5}, MetricFigures{"exact match", 50, {}},
                  MetricFigures{"smoke, precision", 75, {}}, MetricFigures{"smoke, recall", 75, {}},
                  MetricFigures{"smoke, F1", 75, {}}));
  EXPECT_EQ(figures.floor, 25);
  EXPECT_EQ(figures.agreement, 50);
}

}  // namespace
}  // namespace quern
