#include "quern/pipeline/validation.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/parallel.h"
#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/multi_label.h"

namespace quern {
namespace {

/// Pictures that one task runs at once.
constexpr std::size_t kBatch = 4;

void measure_answers(const LabelledSet& set, const Answers& answers, ValidationFigures& figures) {
  const MultiLabelMetrics metrics = metrics_of(set, answers);
  for (std::size_t i = 0; i < metrics.outputs.size(); ++i) {
    const Confusion& confusion = metrics.confusion[i];
    figures.metrics[metrics.outputs[i]] = {{"precision", confusion.precision()},
                                           {"recall", confusion.recall()},
                                           {"f1", confusion.f1()}};
  }
  figures.metrics["macro_f1"] = figures.score = metrics.macro_f1;
  figures.metrics["exact_match"] = metrics.exact_match;
  figures.metrics["floor_macro_f1"] = metrics.floor_macro_f1;
}

void measure_top1(const Tensor& logits, const Tensor& targets, ValidationFigures& figures) {
  const auto pictures = static_cast<std::size_t>(logits.shape().at(0));
  const auto classes = static_cast<std::size_t>(logits.shape().at(1));
  std::size_t right = 0;
  for (std::size_t i = 0; i < pictures; ++i) {
    const auto truth = targets.data<float>().subspan(i * classes, classes);
    const auto label = std::ranges::max_element(truth) - truth.begin();
    right += rank_of(logits.data<float>().subspan(i * classes, classes), label) == 0 ? 1 : 0;
  }
  figures.score = static_cast<double>(right) / static_cast<double>(pictures);
  figures.metrics["top1"] = 100 * figures.score;
}

}  // namespace

std::string to_text(const ValidationFigures& figures) {
  const bool has_answers = figures.metrics.contains("macro_f1");
  return fmt::format("{} {:.2f} %", has_answers ? "macro F1" : "top-1", 100 * figures.score);
}

MultiLabelMetrics metrics_of(const LabelledSet& set, const Answers& answers) {
  const std::span<const float> values = answers.targets.data<float>();
  const std::vector<std::uint8_t> truth(values.begin(), values.end());
  return multi_label_metrics(set.outputs, answers.logits.data<float>(), truth);
}

Validation::Validation(const Recipe& recipe, LabelledSet set, const Preprocessing& preprocessing)
    : set_(std::move(set)),
      pictures_(set_.samples, {.preprocessing = preprocessing,
                               .side = preprocessing.crop,
                               .cache = recipe.data.cache,
                               .cache_gib = recipe.data.cache_gib,
                               .threads = recipe.threads,
                               .skip_bad = recipe.data.skip_bad}),
      normalization_(preprocessing),
      crop_(preprocessing.crop),
      threads_(recipe.threads) {}

std::vector<std::string> Validation::notes() const {
  std::vector<std::string> all = set_.notes;
  for (const std::vector<std::string>& notes : {pictures_.notes(), pictures_.skipped()}) {
    all.insert(all.end(), notes.begin(), notes.end());
  }
  return all;
}

Tensor Validation::logits(const Predictor& network) const {
  const std::vector<std::size_t>& usable = pictures_.usable();
  const std::size_t batches = (usable.size() + kBatch - 1) / kBatch;
  std::vector<Tensor> parts(batches);
  for_each_index(batches, threads_, [&](std::size_t index) {
    const std::size_t first = index * kBatch;
    const std::size_t count = std::min(kBatch, usable.size() - first);
    Batch batch{.index = index, .samples = {}, .pixels = {}, .images = {}};
    batch.images = Tensor(DType::kFloat32, {static_cast<std::int64_t>(count), 3, crop_, crop_});
    const std::size_t size = std::size_t{3} * crop_ * crop_;
    const std::span<float> values = batch.images.mutable_data<float>();
    std::vector<std::uint8_t> scratch;
    for (std::size_t i = 0; i < count; ++i) {
      batch.samples.push_back(usable[first + i]);
      normalization_.apply(pictures_.picture(usable[first + i], scratch), Layout::kNhwc,
                           values.subspan(i * size, size), Layout::kNchw);
    }
    parts[index] = network.logits(batch);
  });
  const std::int64_t outputs = parts.at(0).shape().at(1);
  Tensor all(DType::kFloat32, {static_cast<std::int64_t>(usable.size()), outputs});
  auto place = all.mutable_data<float>().begin();
  for (const Tensor& part : parts) place = std::ranges::copy(part.data<float>(), place).out;
  return all;
}

Tensor Validation::targets(std::int64_t outputs) const {
  const std::vector<std::size_t>& usable = pictures_.usable();
  Tensor targets(DType::kFloat32, {static_cast<std::int64_t>(usable.size()), outputs});
  const std::span<float> values = targets.mutable_data<float>();
  for (std::size_t i = 0; i < usable.size(); ++i) {
    const auto row = values.subspan(i * static_cast<std::size_t>(outputs));
    if (set_.is_multi_label()) {
      std::ranges::copy(set_.targets_of(usable[i]), row.begin());
      continue;
    }
    const Sample& sample = set_.samples[usable[i]];
    if (sample.label < 0 || sample.label >= outputs) {
      fail(ErrorCode::kParse, "{} has the label {}, expected 0 to {}", sample.path.string(),
           sample.label, outputs - 1);
    }
    row[static_cast<std::size_t>(sample.label)] = 1;
  }
  return targets;
}

Image Validation::picture(std::size_t position) const {
  std::vector<std::uint8_t> scratch;
  const std::span<const std::uint8_t> pixels = pictures_.picture(position, scratch);
  return {.width = crop_, .height = crop_, .pixels = {pixels.begin(), pixels.end()}};
}

Answers Validation::answers(const Predictor& network) const {
  Answers found{.logits = logits(network), .targets = {}, .pictures = pictures_.usable()};
  found.targets = targets(found.logits.shape().at(1));
  return found;
}

ValidationFigures Validation::measure(const Predictor& network, const Loss& loss) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const Answers found = answers(network);
  ValidationFigures figures;
  figures.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (loss) figures.loss = loss(found.logits, found.targets);
  if (set_.is_multi_label()) {
    measure_answers(set_, found, figures);
  } else {
    measure_top1(found.logits, found.targets, figures);
  }
  return figures;
}

}  // namespace quern
