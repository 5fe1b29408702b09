#pragma once

#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/multi_label.h"
#include "quern/report/run_report.h"

namespace quern {

/// "top-1", "top-5".
AccuracyFigures accuracy_figures(const Accuracy& accuracy);

/// "macro F1", "exact match", and "precision", "recall" and "F1" of every output.
AccuracyFigures accuracy_figures(const MultiLabelMetrics& metrics);

}  // namespace quern
