#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

/// Records of an event file that TensorBoard reads; a file is `event_file_start` and any number of
/// scalars, one after the other.
///
/// Source: TFRecord framing and the messages Event and Summary of TensorFlow.

/// The record that an event file begins with.
/// @param time  Since 1970 (unit: seconds).
std::string event_file_start(double time);

/// One number.
/// @param step  Its place on the horizontal axis.
/// @param tag   The name of its chart: "loss/train".
std::string scalar_event(double time, std::int64_t step, std::string_view tag, double value);

}  // namespace quern
