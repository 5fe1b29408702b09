#pragma once

#include "quern/base/temporary_folder.h"

namespace quern::test {

using quern::TemporaryFolder;

}  // namespace quern::test
