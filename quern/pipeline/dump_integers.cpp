#include "quern/pipeline/dump_integers.h"

#include <algorithm>
#include <utility>

#include "quern/lower/provenance.h"

namespace quern {
namespace {

using Integers = std::vector<std::int32_t>;

/// Per tensor, the integers of all samples so far; empty where they are not kept.
using Kept = std::vector<Integers>;

/// The integers of a whole tensor that a step wrote rows of.
void keep_rows(const StepResult& step, Integers& kept, std::size_t first) {
  const std::vector<std::int32_t> rows = elements(step);
  const std::size_t row = rows.size() / static_cast<std::size_t>(step.row_end - step.row_begin);
  kept.resize(first + row * static_cast<std::size_t>(step.layout.height));
  std::ranges::copy(rows,
                    kept.begin() + static_cast<std::ptrdiff_t>(
                                       first + row * static_cast<std::size_t>(step.row_begin)));
}

std::size_t size_of(const IntTensor& tensor) {
  return static_cast<std::size_t>(tensor.height) * tensor.width * tensor.channels;
}

/// [samples, height, width, channels] as [samples, channels, height, width].
template <class To, class From, class Convert>
Tensor channels_first(const IntTensor& tensor, const std::vector<From>& values, Convert convert) {
  const auto samples = static_cast<std::int64_t>(values.size() / size_of(tensor));
  Tensor result(DTypeOf<To>::value, {samples, tensor.channels, tensor.height, tensor.width});
  const auto to = result.template mutable_data<To>();
  const auto channels = static_cast<std::size_t>(tensor.channels);
  const std::size_t pixels = size_of(tensor) / channels;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t sample = i / size_of(tensor);
    const std::size_t pixel = i / channels % pixels;
    to[(sample * channels + i % channels) * pixels + pixel] = convert(values[i]);
  }
  return result;
}

Tensor codes(const IntTensor& tensor, const Integers& stored) {
  const auto code = [&](std::int32_t u) { return u + tensor.first_code; };
  if (tensor.bits == 32) return channels_first<std::int32_t>(tensor, stored, code);
  const auto narrow = [&]<class T>(T) {
    return channels_first<T>(tensor, stored,
                             [&](std::int32_t u) { return static_cast<T>(code(u)); });
  };
  return tensor.first_code < 0 ? narrow(std::int8_t{}) : narrow(std::uint8_t{});
}

/// [samples, classes] of one row, as a graph's logits are.
Tensor real_output(const IntTensor& tensor, const Integers& integers) {
  const Tensor values = channels_first<float>(tensor, real_values(tensor, integers),
                                              [](float value) { return value; });
  if (tensor.height != 1 || tensor.width != 1) return values;
  return values.reshaped({values.shape()[0], tensor.channels});
}

}  // namespace

Dump dump_integers(const IntegerNetwork& network, const std::vector<Sample>& samples,
                   const LoaderOptions& options, DumpKind kind) {
  const IntModel& model = network.model();
  const std::vector<std::string> outputs = provenance_of(model).outputs;
  std::vector<Kept> batches(batch_count(samples.size(), options), Kept(model.tensors.size()));
  std::vector<std::vector<std::size_t>> positions(batches.size());
  const LoaderReport loaded = for_each_batch(samples, options, [&](int, const Batch& batch) {
    Kept& kept = batches[batch.index];
    positions[batch.index] = batch.samples;
    const auto pictures = batch.images.data<float>();
    const std::size_t size = pictures.size() / batch.samples.size();
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      network.run(pictures.subspan(i * size, size), [&](const StepResult& step) {
        const auto tensor =
            static_cast<std::size_t>(model.ops[static_cast<std::size_t>(step.op)].output);
        const bool is_output = std::ranges::find(model.outputs, static_cast<TensorIndex>(tensor)) !=
                               model.outputs.end();
        if (kind == DumpKind::kLogits && !is_output) return;
        keep_rows(step, kept[tensor], i * size_of(model.tensors[tensor]));
      });
    }
  });
  Kept all(model.tensors.size());
  Dump dump{.skipped = loaded.skipped};
  for (std::size_t b = 0; b < batches.size(); ++b) {
    dump.samples.insert(dump.samples.end(), positions[b].begin(), positions[b].end());
    for (std::size_t t = 0; t < all.size(); ++t) {
      all[t].insert(all[t].end(), batches[b][t].begin(), batches[b][t].end());
    }
  }
  for (std::size_t t = 0; t < all.size(); ++t) {
    if (all[t].empty()) continue;
    const IntTensor& tensor = model.tensors[t];
    if (kind != DumpKind::kLogits) dump.arrays[tensor.name] = codes(tensor, all[t]);
    const auto output = std::ranges::find(model.outputs, static_cast<TensorIndex>(t));
    if (output == model.outputs.end()) continue;
    const auto number = static_cast<std::size_t>(output - model.outputs.begin());
    dump.arrays[outputs.at(number)] = real_output(tensor, all[t]);
  }
  return dump;
}

}  // namespace quern
