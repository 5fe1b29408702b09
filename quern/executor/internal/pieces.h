#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include <cstdint>
#include <vector>

namespace quern {

/// Calls work(piece) for all pieces below `count` on LibTorch's threads. Each takes the next piece
/// when it is done with one, so that a thread which has to share its core holds up no other; what
/// follows from a piece must not depend on the order.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work);

/// The sums of [pieces, length] floats over the pieces, in their order.
std::vector<double> sum_over_pieces(const float* values, std::int64_t pieces, std::int64_t length);

/// What every piece sums up, in memory of its own first: side by side, a core that reads ahead
/// would take the next piece's sums from the core that adds to them. Totals do not depend on the
/// number of threads.
class PieceSums {
 public:
  PieceSums(std::int64_t pieces, std::int64_t length);

  /// Takes the `length` sums of a piece that is done.
  void set(std::int64_t piece, const float* sums) const;

  /// Over all pieces, each of which is set.
  std::vector<double> add() const;

 private:
  std::int64_t pieces_;
  std::int64_t length_;
  at::Tensor sums_;
};

/// Sums of columns that stand for `channels`, which repeat along every `period` of them, added up.
std::vector<double> sum_over_repeats(const std::vector<double>& columns, std::int64_t period,
                                     std::int64_t channels);

}  // namespace quern
