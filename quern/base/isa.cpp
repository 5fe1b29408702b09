#include "quern/base/isa.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::array kEvery = {Isa::kPortable, Isa::kAvx2, Isa::kAvx512};

bool runs_here(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kPortable:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  }
#endif
  return isa == Isa::kPortable;
}

}  // namespace

std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  fail(ErrorCode::kInternal, "unknown instruction set {}", static_cast<int>(isa));
}

const std::vector<Isa>& available_isas() {
  static const std::vector<Isa> available = [] {
    std::vector<Isa> found;
    std::copy_if(kEvery.begin(), kEvery.end(), std::back_inserter(found), runs_here);
    return found;
  }();
  return available;
}

Isa isa_from(std::string_view wanted) {
  for (const Isa isa : kEvery) {
    if (name(isa) != wanted) continue;
    require(runs_here(isa), "QUERN_ISA is '{}', which this CPU lacks (it has up to {})", wanted,
            name(available_isas().back()));
    return isa;
  }
  fail(ErrorCode::kInvalidArgument, "QUERN_ISA is '{}' (known: portable, avx2, avx512)", wanted);
}

Isa active_isa() {
  static const Isa active = [] {
    const char* wanted = std::getenv("QUERN_ISA");
    return wanted == nullptr || *wanted == '\0' ? available_isas().back() : isa_from(wanted);
  }();
  return active;
}

}  // namespace quern
