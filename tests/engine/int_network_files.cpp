// Writes integer networks that hold every kind of op: whole files NAME.quern, and beside them their
// payloads, which a fuzzer starts from since it would not find a checksum by itself.
//
//   quern_int_network_files FOLDER
#include <filesystem>
#include <string>

#include "quern/base/file.h"
#include "quern/engine/internal/envelope.h"
#include "quern/engine/model_file.h"
#include "tests/support/int_network.h"

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  for (int seed = 0; seed < 8; ++seed) {
    const std::vector<std::byte> file =
        quern::to_bytes(quern::test::every_op(static_cast<std::uint64_t>(100 * seed)));
    const std::string name = "every_op_" + std::to_string(seed);
    quern::write_file(folder / (name + ".quern"), file);
    quern::write_file(folder / (name + ".payload"), quern::internal::unseal(file));
  }
}
