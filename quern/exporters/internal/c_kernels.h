#pragma once

#include "quern/engine/int_model.h"
#include "quern/exporters/internal/c_files.h"

namespace quern::internal {

/// The function of quern/runtime that computes a convolution: "quern_conv_w4".
std::string conv_kernel_name(const IntModel& model, const IntOp& op);

/// The files of quern/runtime that the ops of a model need, and what those include.
TextFiles kernel_files(const IntModel& model);

/// The headers among them that declare kernels, as model.c includes them.
std::vector<std::string> kernel_headers(const IntModel& model);

}  // namespace quern::internal
