#include "quern/report/tensorboard.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

std::string hexadecimal(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

// Written by TensorFlow 2.21's TFRecordWriter for the same events.
TEST(Tensorboard, RecordsAreThoseOfTensorFlow) {
  EXPECT_EQ(hexadecimal(event_file_start(1.5)),
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
  EXPECT_EQ(hexadecimal(scalar_event(2.5, 300, "loss/train", 0.25)),
            "2100000000000000017becf609000000000000044010ac022a130a110a0a6c6f73732f747261696e15"
            "0000803e55c45f02");
}

}  // namespace
}  // namespace quern
