// usage: random_tflite_files FOLDER COUNT
//
// Writes TFLite files of one op each, OP.N.tflite, for other programs to read and for the fuzzer to
// start from.
#include <filesystem>
#include <string>

#include "quern/base/file.h"
#include "tests/support/random_tflite.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::filesystem::path folder = argv[1];
  const int count = std::stoi(argv[2]);
  for (const std::string_view op : quern::test::random_tflite_ops()) {
    for (int number = 0; number < count; ++number) {
      const auto file = quern::test::random_tflite(op, static_cast<std::uint64_t>(number));
      quern::write_file(folder / fmt::format("{}.{}.tflite", op, number), file.bytes());
    }
  }
}
