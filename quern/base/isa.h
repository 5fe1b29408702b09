#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace quern {

/// An instruction set that kernels are compiled for. Each of them computes the same bits; they
/// differ in speed only.
enum class Isa : std::uint8_t { kPortable, kAvx2, kAvx512 };

/// "portable", "avx2", "avx512"
std::string_view name(Isa isa);

/// Those this CPU can run, slowest first.
const std::vector<Isa>& available_isas();

/// The one that kernels use: the fastest available, or the one that the environment variable
/// QUERN_ISA names. Decided once. @throws Error(kInvalidArgument) if QUERN_ISA names none, or one
/// that this CPU lacks.
Isa active_isa();

/// What active_isa() answers when QUERN_ISA holds `wanted`.
Isa isa_from(std::string_view wanted);

}  // namespace quern
