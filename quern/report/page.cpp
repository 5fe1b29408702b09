#include "quern/report/page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "quern/base/base64.h"
#include "quern/base/error.h"
#include "quern/report/internal/page_files.h"
#include "quern/report/json.h"

namespace quern {
namespace {

/// JSON inside a script element: no character that could end the element.
std::string inside_script(std::string_view json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

/// Text inside an element.
std::string escaped(std::string_view text) {
  static const std::map<char, std::string_view> entities = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string result;
  for (const char c : text) {
    const auto found = entities.find(c);
    result += found == entities.end() ? std::string_view(&c, 1) : found->second;
  }
  return result;
}

/// "'sha256-…'": how a content security policy names an inline script or style.
std::string policy_source(std::string_view content) {
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  ensure(done == 1, "SHA-256 of a part of the page failed");
  return fmt::format("'sha256-{}'", base64(std::as_bytes(std::span(digest))));
}

std::string times_json(const std::vector<StepTime>& times) {
  nlohmann::json json = nlohmann::json::array();
  for (const StepTime& time : times)
    json.push_back({{"name", time.name}, {"seconds", time.seconds}});
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The template with every {{name}} replaced, once: what is put in is not looked at again.
std::string filled(std::string_view page, const std::map<std::string_view, std::string>& parts) {
  std::string text;
  while (true) {
    const std::size_t open = page.find("{{");
    text += page.substr(0, open);
    if (open == std::string_view::npos) return text;
    const std::size_t close = page.find("}}", open);
    const auto part = parts.find(page.substr(open + 2, close - open - 2));
    ensure(close != std::string_view::npos && part != parts.end(), "the page has an unknown part");
    text += part->second;
    page.remove_prefix(close + 2);
  }
}

/// What every page holds.
/// @param report  As JSON.
std::map<std::string_view, std::string> common_parts(std::string_view script,
                                                     std::string_view title,
                                                     std::string_view report) {
  const internal::PageFiles& files = internal::page_files();
  const std::string policy = fmt::format("default-src 'none'; script-src {} {}; style-src {}",
                                         policy_source(files.chart_library), policy_source(script),
                                         policy_source(files.style));
  return {{"title", escaped(title)},
          {"policy", policy},
          {"style", std::string(files.style)},
          {"report", inside_script(report)},
          {"chart_library", std::string(files.chart_library)},
          {"script", std::string(script)},
          {"licence", escaped(files.chart_licence)}};
}

}  // namespace

std::string to_html(const RunReport& report, const std::vector<StepTime>& times) {
  const internal::PageFiles& files = internal::page_files();
  auto parts = common_parts(files.script, report.network, to_json(report));
  parts["times"] = inside_script(times_json(times));
  return filled(files.page, parts);
}

std::string to_html(const TrainingReport& report) {
  const internal::PageFiles& files = internal::page_files();
  auto parts = common_parts(files.training_script, report.network, to_json(report));
  parts["policy"] += "; img-src data:";
  return filled(files.training_page, parts);
}

}  // namespace quern
