#include "quern/report/page.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <string>

#include "quern/report/json.h"
#include "tests/report/report_samples.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing::Not;

class ReportPage : public testing::Test {
 protected:
  /// What stands between `open` and the next `close`.
  std::string between(const std::string& open, const std::string& close) const {
    const std::size_t start = page_.find(open);
    EXPECT_NE(start, std::string::npos) << open;
    const std::size_t first = start + open.size();
    return page_.substr(first, page_.find(close, first) - first);
  }

  std::size_t count(const std::string& part) const {
    std::size_t found = 0;
    for (std::size_t at = page_.find(part); at != std::string::npos;
         at = page_.find(part, at + 1)) {
      ++found;
    }
    return found;
  }

  const RunReport report_ = test::full_report();
  std::string page_ = to_html(report_, {{"</script>gptq", 2.5}});
};

TEST_F(ReportPage, HoldsTheReport) {
  const std::string json = between("id=\"report-data\">", "</script>");
  EXPECT_EQ(report_from_json(json, "the page"), report_);
  const auto times = nlohmann::json::parse(between("id=\"times-data\">", "</script>"));
  EXPECT_EQ(times.at(0).at("name"), "</script>gptq");
  EXPECT_EQ(times.at(0).at("seconds"), 2.5);
}

TEST_F(ReportPage, NamesCanNotEndAnElement) {
  // Two of data, the chart library, the page's own.
  EXPECT_EQ(count("</script>"), 4);
  EXPECT_THAT(page_, Not(HasSubstr("<img")));
  EXPECT_THAT(page_, HasSubstr("<h1>&lt;img src=x onerror=alert(1)&gt; &amp; co</h1>"));
}

TEST_F(ReportPage, MayRunItsOwnScriptsAndLoadNothing) {
  const std::string policy = between("Content-Security-Policy\" content=\"", "\"");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, Not(HasSubstr("http")));
  EXPECT_THAT(policy, Not(HasSubstr("img-src")));
  const std::string style = between("<style>", "</style>");
  std::array<unsigned char, 32> digest{};
  EVP_Digest(style.data(), style.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 45> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), 32);
  EXPECT_THAT(policy, HasSubstr(std::string("style-src 'sha256-") +
                                reinterpret_cast<const char*>(base64.data()) + "'"));
}

TEST_F(ReportPage, OfATrainingMayShowItsOwnPicturesToo) {
  page_ = to_html(test::full_training_report());
  const std::string json = between("id=\"report-data\">", "</script>");
  EXPECT_EQ(training_report_from_json(json, "the page"), test::full_training_report());
  // The data, the chart library, the page's own.
  EXPECT_EQ(count("</script>"), 3);
  EXPECT_THAT(page_, Not(HasSubstr("<img")));
  const std::string policy = between("Content-Security-Policy\" content=\"", "\"");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("img-src data:"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST_F(ReportPage, KeepsTheLicenceOfTheChartLibrary) {
  EXPECT_THAT(page_, HasSubstr("Chart.js Contributors"));
  EXPECT_THAT(page_, HasSubstr("Permission is hereby granted"));
}

}  // namespace
}  // namespace quern
