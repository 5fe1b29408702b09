#include "quern/pipeline/read_data.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/data/class_balance.h"
#include "quern/data/data_kinds.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// The first pictures of a list or a folder.
LabelledSet read_files(const DataRecipe& data, const std::string& name) {
  LabelledSet set;
  set.samples =
      data.root.empty() ? read_samples(name) : read_samples(fs::path(data.root) / name, data.root);
  if (data.limit > 0 && std::cmp_less(data.limit, set.samples.size())) {
    set.samples.resize(static_cast<std::size_t>(data.limit));
  }
  return set;
}

}  // namespace

std::vector<DataSource> sources_of(const DataRecipe& data) {
  if (!data.kind.empty()) {
    require(!data.root.empty(), "data.root is empty: expected the folder of the data of kind '{}'",
            data.kind);
    return {{.kind = data.kind, .root = data.root}};
  }
  std::vector<DataSource> sources = data.sources;
  for (DataSource& source : sources) source.root = fs::path(data.root) / source.root;
  return sources;
}

LabelledSet read_data(const DataRecipe& data, const std::string& name) {
  require(!name.empty(), "no pictures are named: expected a list, a folder or a split");
  const std::vector<DataSource> sources = sources_of(data);
  if (sources.empty()) return read_files(data, name);
  return spread(read_split(sources, name), data.limit);
}

HoldOut read_training_data(const DataRecipe& data) {
  const LabelledSet training = read_data(data, data.training);
  HoldOut parts = data.validation.empty()
                      ? hold_out(training, data.hold_out)
                      : HoldOut{.kept = training, .held = read_data(data, data.validation)};
  require_learnable(parts.kept, "the pictures to train on");
  return parts;
}

}  // namespace quern
