#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "quern/data/image_list.h"
#include "quern/graph/preprocessing.h"
#include "quern/tensor/tensor.h"

namespace quern {

struct LoaderOptions {
  Preprocessing preprocessing;
  int batch_size = 4;     ///< Fixed, so that results do not depend on `threads`.
  int threads = 0;        ///< 0: all cores.
  bool skip_bad = false;  ///< Leave out pictures that can not be decoded, and count them.
};

/// The options with a smaller batch, then fewer threads, where batches of samples of
/// `bytes_per_sample` would take more than a network may side by side (2 GiB, a batch 512 MiB). The
/// batch does not depend on the number of threads, so neither do results.
LoaderOptions within_memory(LoaderOptions options, std::int64_t bytes_per_sample);

/// Some consecutive samples of a list, ready for a network.
struct Batch {
  std::size_t index = 0;  ///< Number of this batch, from 0.
  std::vector<std::size_t>
      samples;    ///< Positions in the list; shorter than the batch where skipped.
  Tensor pixels;  ///< What the network sees of them: [samples, crop, crop, 3] uint8 of RGB.
  Tensor images;  ///< Its input: [samples, 3, crop, crop] float32.
};

struct LoaderReport {
  std::size_t images = 0;
  std::vector<std::string> skipped;  ///< One sentence per picture left out, in list order.
};

/// How many batches `samples` pictures make. @throws Error(kInvalidArgument) for a batch_size
/// below 1.
std::size_t batch_count(std::size_t samples, const LoaderOptions& options);

/// Decodes and preprocesses `samples` in batches and hands each to `consume(worker, batch)`.
/// Batches run side by side, one thread each (worker 0 … threads − 1, where 0 is the calling
/// thread), so one batch is decoded while another is consumed; their composition does not depend on
/// the number of threads, their order of completion does. A batch that `skip_bad` leaves empty is
/// not handed on.
/// @throws the first error in batch order, after all workers have stopped; Error(kParse) if not one
///         picture can be decoded; Error(kInvalidArgument) for options out of their range.
LoaderReport for_each_batch(const std::vector<Sample>& samples, const LoaderOptions& options,
                            const std::function<void(int worker, const Batch&)>& consume);

}  // namespace quern
