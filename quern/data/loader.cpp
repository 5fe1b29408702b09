#include "quern/data/loader.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "quern/base/error.h"
#include "quern/data/image.h"
#include "quern/data/normalize.h"

namespace quern {
namespace {

using Consume = std::function<void(int worker, const Batch&)>;

/// The first failure in batch order. Batches are started in order, so whatever comes before a
/// failed batch is already running and will report too.
class FirstFailure {
 public:
  void add(std::size_t batch, std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_ || batch < batch_) {
      batch_ = batch;
      error_ = std::move(error);
    }
    any_ = true;
  }
  bool any() const { return any_; }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> any_ = false;
  std::size_t batch_ = 0;
  std::exception_ptr error_;
};

/// What loading one batch gave.
struct Loaded {
  Batch batch;
  std::vector<std::string> skipped;
};

/// The first `count` pictures of `pixels`.
Tensor first_pictures(const Tensor& pixels, std::size_t count) {
  Shape shape = pixels.shape();
  shape[0] = static_cast<std::int64_t>(count);
  return Tensor::of<std::uint8_t>(shape, pixels.data<std::uint8_t>().first(element_count(shape)));
}

/// The network's input for `pixels`.
Tensor normalized(const Tensor& pixels, const Preprocessing& how) {
  const Shape& shape = pixels.shape();
  Tensor images(DType::kFloat32, {shape[0], shape[3], shape[1], shape[2]});
  const std::size_t size = element_count(shape) / static_cast<std::size_t>(shape[0]);
  const Normalization normalization(how);
  const auto from = pixels.data<std::uint8_t>();
  const auto to = images.mutable_data<float>();
  for (std::size_t first = 0; first < from.size(); first += size) {
    normalization.apply(from.subspan(first, size), Layout::kNhwc, to.subspan(first, size),
                        Layout::kNchw);
  }
  return images;
}

Loaded load(const std::vector<Sample>& samples, const LoaderOptions& options, std::size_t index) {
  const std::size_t begin = index * options.batch_size;
  const std::size_t end = std::min(begin + options.batch_size, samples.size());
  const std::int64_t crop = options.preprocessing.crop;

  Loaded loaded{.batch = {.index = index}, .skipped = {}};
  Tensor pixels(DType::kUint8, {static_cast<std::int64_t>(end - begin), crop, crop, 3});
  auto slot = pixels.mutable_data<std::uint8_t>().begin();
  for (std::size_t i = begin; i < end; ++i) {
    Image image;
    try {
      image = decode_image(samples[i].path);
    } catch (const Error& error) {
      if (!options.skip_bad) throw;
      loaded.skipped.emplace_back(error.what());
      continue;
    }
    slot = std::ranges::copy(fit(image, options.preprocessing).pixels, slot).out;
    loaded.batch.samples.push_back(i);
  }
  const std::size_t count = loaded.batch.samples.size();
  if (count == 0) return loaded;
  loaded.batch.pixels = count == end - begin ? pixels : first_pictures(pixels, count);
  loaded.batch.images = normalized(loaded.batch.pixels, options.preprocessing);
  return loaded;
}

int worker_count(int threads, std::size_t batches) {
  const std::size_t wanted = threads > 0 ? threads : std::thread::hardware_concurrency();
  return static_cast<int>(std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(batches, 1)));
}

LoaderReport merge(std::vector<std::vector<std::string>> skipped, std::size_t samples) {
  LoaderReport report;
  for (auto& batch : skipped) {
    std::ranges::move(batch, std::back_inserter(report.skipped));
  }
  report.images = samples - report.skipped.size();
  if (samples > 0 && report.images == 0) {
    fail(ErrorCode::kParse, "none of {} pictures can be decoded; the first: {}", samples,
         report.skipped.front());
  }
  return report;
}

}  // namespace

LoaderOptions within_memory(LoaderOptions options, std::int64_t bytes_per_sample) {
  constexpr std::int64_t kBatchBytes = std::int64_t{1} << 29;
  constexpr std::int64_t kBytes = std::int64_t{1} << 31;
  if (options.batch_size < 1 || options.threads < 0 || bytes_per_sample < 1) return options;
  const std::int64_t fitting = std::max<std::int64_t>(1, kBatchBytes / bytes_per_sample);
  options.batch_size = static_cast<int>(std::min<std::int64_t>(options.batch_size, fitting));
  const std::int64_t batches =
      std::max<std::int64_t>(1, kBytes / bytes_per_sample / options.batch_size);
  const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::int64_t wanted = options.threads > 0 ? options.threads : cores;
  if (batches < wanted) options.threads = static_cast<int>(batches);
  return options;
}

std::size_t batch_count(std::size_t samples, const LoaderOptions& options) {
  require(options.batch_size > 0, "batch_size must be positive, got {}", options.batch_size);
  const auto size = static_cast<std::size_t>(options.batch_size);
  return (samples + size - 1) / size;
}

LoaderReport for_each_batch(const std::vector<Sample>& samples, const LoaderOptions& options,
                            const Consume& consume) {
  require(options.threads >= 0, "threads must be 0 (all cores) or more, got {}", options.threads);
  require(options.preprocessing.crop > 0, "crop must be positive, got {}",
          options.preprocessing.crop);
  const std::size_t batches = batch_count(samples.size(), options);

  std::atomic<std::size_t> next = 0;
  FirstFailure failure;
  std::vector<std::vector<std::string>> skipped(batches);
  const auto work = [&](int worker) {
    while (!failure.any()) {
      const std::size_t index = next++;
      if (index >= batches) return;
      try {
        Loaded loaded = load(samples, options, index);
        skipped[index] = std::move(loaded.skipped);
        if (!loaded.batch.samples.empty()) consume(worker, loaded.batch);
      } catch (...) {
        failure.add(index, std::current_exception());
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (int worker = 1; worker < worker_count(options.threads, batches); ++worker) {
      others.emplace_back(work, worker);
    }
    work(0);
  }
  failure.rethrow();
  return merge(std::move(skipped), samples.size());
}

}  // namespace quern
