#pragma once

#include <string_view>

namespace quern::internal {

/// The files of quern/report/page and the chart library, as they were at build time.
struct PageFiles {
  std::string_view page;           ///< Of a quantization: HTML with {{name}} where the rest goes.
  std::string_view training_page;  ///< Of a training.
  std::string_view style;
  std::string_view script;           ///< Of a quantization's page.
  std::string_view training_script;  ///< Of a training's.
  std::string_view chart_library;
  std::string_view chart_licence;
};

const PageFiles& page_files();

}  // namespace quern::internal
