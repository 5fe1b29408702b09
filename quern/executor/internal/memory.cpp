#include "quern/executor/internal/memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <map>
#include <mutex>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "quern/base/gaps.h"

namespace quern {
namespace {

/// Tensors of at least so many bytes are large.
constexpr std::size_t kLarge = std::size_t{1} << 16;
constexpr std::size_t kAlignment = 64;
/// Between large tensors: sizes are mostly multiples of a page, and tensors that begin at the same
/// place of a page wait for each other in the cache.
constexpr std::size_t kStagger = 9 * kAlignment;

/// Gives large tensors parts of one range of addresses, of which only what was written to takes
/// memory, and small ones what malloc gives.
class TensorMemory final : public c10::Allocator {
 public:
  /// @param size  Of the range (unit: bytes); none where the system does not give it.
  explicit TensorMemory(std::size_t size) : gaps_(0) {
    void* const range = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return;
    madvise(range, size, MADV_HUGEPAGE);  // Where it can: fewer pages to find and to fault in.
    range_ = static_cast<std::byte*>(range);
    gaps_ = Gaps(size);
  }

  /// The one of this process: it outlives all tensors.
  static TensorMemory& instance() {
    static auto* const memory = new TensorMemory(
        2 * static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE)));
    return *memory;
  }

  c10::DataPtr allocate(std::size_t size) override {
    void* memory = size < kLarge ? nullptr : take(size);
    if (memory == nullptr) memory = c10::alloc_cpu(size);
    return {memory, memory, &drop, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &drop; }

  void copy_data(void* to, const void* from, std::size_t size) const override {
    default_copy_data(to, from, size);
  }

 private:
  void* take(std::size_t size) {
    const std::size_t piece = (size + kAlignment - 1) / kAlignment * kAlignment + kStagger;
    const std::lock_guard lock(mutex_);
    const std::optional<std::size_t> begin = gaps_.take(piece);
    if (!begin) return nullptr;
    taken_[range_ + *begin] = piece;
    return range_ + *begin;
  }

  /// Whether `memory` was a part of the range.
  bool give_back(void* memory) {
    const std::lock_guard lock(mutex_);
    const auto piece = taken_.find(memory);
    if (piece == taken_.end()) return false;
    gaps_.give_back(static_cast<std::size_t>(static_cast<std::byte*>(memory) - range_),
                    piece->second);
    taken_.erase(piece);
    return true;
  }

  static void drop(void* memory) {
    if (!instance().give_back(memory)) c10::free_cpu(memory);
  }

  std::byte* range_ = nullptr;
  std::mutex mutex_;
  Gaps gaps_;
  std::map<void*, std::size_t> taken_;
};

void keep_on_the_heap() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace

void keep_freed_memory() {
  static const bool kDone = [] {
    keep_on_the_heap();
#if !defined(__SANITIZE_ADDRESS__)  // Which looks at what malloc gives.
    c10::SetCPUAllocator(&TensorMemory::instance());
#endif
    return true;
  }();
  (void)kDone;
}

}  // namespace quern
