#include "quern/executor/internal/memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <mutex>
#include <new>
#include <optional>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "quern/base/gaps.h"

namespace quern {
namespace {

/// Tensors of at least so many bytes are large.
constexpr std::size_t kLarge = std::size_t{1} << 16;
constexpr std::size_t kAlignment = 64;
/// Between large tensors, with what is in front of each: sizes are mostly multiples of a page, and
/// tensors that begin at the same place of a page wait for each other in the cache.
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

  c10::DataPtr allocate(std::size_t size) override {
    Origin* const origin = take(size);
    void* const memory = reinterpret_cast<std::byte*>(origin) + sizeof(Origin);
    // For whoever counts what is in use: what comes while it looks on, and that when it goes.
    if (c10::memoryProfilingEnabled()) origin->reported = static_cast<std::int64_t>(size);
    report(memory, origin->reported);
    return {memory, memory, &drop, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &drop; }

  void copy_data(void* to, const void* from, std::size_t size) const override {
    default_copy_data(to, from, size);
  }

 private:
  /// In front of every tensor: what it was taken from, malloc where `memory` is null.
  struct alignas(kAlignment) Origin {
    TensorMemory* memory = nullptr;
    std::size_t begin = 0;
    std::size_t length = 0;
    std::int64_t reported = 0;  ///< Bytes that LibTorch's profiler was told of.
  };

  static void report(void* memory, std::int64_t bytes) {
    if (!c10::memoryProfilingEnabled()) return;
    c10::reportMemoryUsageToProfiler(memory, bytes, 0, 0, c10::Device(c10::kCPU));
  }

  Origin* take(std::size_t size) {
    if (size >= kLarge) {
      const std::size_t length = (size + kAlignment - 1) / kAlignment * kAlignment + kStagger;
      const std::lock_guard lock(mutex_);
      if (const std::optional<std::size_t> begin = gaps_.take(length)) {
        return new (range_ + *begin) Origin{this, *begin, length};
      }
    }
    return new (c10::alloc_cpu(size + sizeof(Origin))) Origin;
  }

  static void drop(void* memory) {
    auto* const origin =
        reinterpret_cast<Origin*>(static_cast<std::byte*>(memory) - sizeof(Origin));
    if (origin->reported > 0) report(memory, -origin->reported);
    if (origin->memory == nullptr) return c10::free_cpu(origin);
    const std::lock_guard lock(origin->memory->mutex_);
    origin->memory->gaps_.give_back(origin->begin, origin->length);
  }

  std::byte* range_ = nullptr;
  std::mutex mutex_;
  Gaps gaps_;
};

void keep_on_the_heap() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace

void keep_freed_memory() {
  static const bool done = [] {
    keep_on_the_heap();
#if !defined(__SANITIZE_ADDRESS__)  // Which looks at what malloc gives.
    // Never destroyed: tensors may outlive everything else.
    c10::SetCPUAllocator(new TensorMemory(
        2 * static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE))));
#endif
    return true;
  }();
  (void)done;
}

}  // namespace quern
