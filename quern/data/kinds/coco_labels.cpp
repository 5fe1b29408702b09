#include "quern/data/kinds/coco_labels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>

#include "quern/base/error.h"
#include "quern/base/file.h"

namespace quern {
namespace {

using Json = nlohmann::json;

/// The class of each category id of the file.
std::map<std::int64_t, std::size_t> classes_by_id(const Json& categories,
                                                  const std::vector<std::string>& classes) {
  std::map<std::int64_t, std::size_t> by_id;
  for (const Json& category : categories) {
    const auto name = category.at("name").get<std::string>();
    const auto found = std::ranges::find(classes, name);
    if (found == classes.end()) {
      fail(ErrorCode::kParse, "the category '{}' is out of range; expected {}", name,
           fmt::join(classes, " or "));
    }
    by_id[category.at("id").get<std::int64_t>()] = found - classes.begin();
  }
  return by_id;
}

struct Pictures {
  std::vector<CocoPicture> list;
  std::vector<std::array<double, 2>> extents;  ///< Width, height (unit: pixels).
  std::map<std::int64_t, std::size_t> by_id;   ///< Position in `list`.
};

Pictures read_pictures(const Json& images, std::size_t classes) {
  Pictures pictures;
  for (const Json& image : images) {
    pictures.by_id[image.at("id").get<std::int64_t>()] = pictures.list.size();
    pictures.list.push_back(
        {.file_name = image.at("file_name").get<std::string>(), .boxes = BoxLabels(classes)});
    pictures.extents.push_back({image.at("width").get<double>(), image.at("height").get<double>()});
  }
  return pictures;
}

/// The entry of `id`. @throws Error(kParse) if there is none.
template <class Value>
const Value& entry(const std::map<std::int64_t, Value>& map, std::int64_t id, const char* what) {
  const auto found = map.find(id);
  if (found == map.end()) {
    fail(ErrorCode::kParse,
         "an annotation has the {} {}, which is out of range: the file lists none", what, id);
  }
  return found->second;
}

}  // namespace

std::vector<CocoPicture> read_coco_labels(const std::filesystem::path& path,
                                          const std::vector<std::string>& classes) {
  const std::string text = read_text(path);
  return with_context(path.string(), [&] {
    try {
      const Json file = Json::parse(text);
      const auto by_id = classes_by_id(file.at("categories"), classes);
      Pictures pictures = read_pictures(file.at("images"), classes.size());
      for (const Json& annotation : file.at("annotations")) {
        const auto picture =
            entry(pictures.by_id, annotation.at("image_id").get<std::int64_t>(), "image_id");
        const auto cls =
            entry(by_id, annotation.at("category_id").get<std::int64_t>(), "category_id");
        const auto box = annotation.at("bbox").get<std::array<double, 4>>();  // left, top, extents
        const auto [width, height] = pictures.extents[picture];
        pictures.list[picture].boxes.add(cls, (box[0] + box[2] / 2) / width,
                                         (box[1] + box[3] / 2) / height, box[2] / width,
                                         box[3] / height);
      }
      return std::move(pictures.list);
    } catch (const Json::exception& error) {
      fail(ErrorCode::kParse, "no COCO labels: {}", error.what());
    }
  });
}

}  // namespace quern
