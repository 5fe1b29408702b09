#include "quern/train/checkpoint.h"

#include <gtest/gtest.h>

#include "quern/base/file.h"
#include "quern/tensor/npz.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.recipe = {{"seed", "3"}, {"quantize.weight_bits", "4"}};
  checkpoint.pictures = 688;
  checkpoint.epoch = 2;
  checkpoint.step = 5;
  checkpoint.loss_sum = 1.0 / 3.0;
  checkpoint.seconds = 1.5;
  checkpoint.metrics = {R"({"epoch":1,"time":10,"score":0.5})",
                        R"({"epoch":2,"time":11,"score":0.6})"};
  checkpoint.state = {{"network/w", Tensor::of<float>({2}, std::vector<float>{1, 2})},
                      {"steps", Tensor::scalar<std::int64_t>(27)}};
  return checkpoint;
}

TEST(Checkpoint, ReadsBackEqual) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "c.npz", example());
  EXPECT_EQ(read_checkpoint(folder / "c.npz"), example());
}

TEST(Checkpoint, RefusesOneThatWasWrittenHalf) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "c.npz", example());
  const std::string whole = read_text(folder / "c.npz");
  for (const std::size_t size : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
    write_file(folder / "half.npz", whole.substr(0, size));
    test::expect_error(ErrorCode::kParse, "half.npz: it is",
                       [&] { read_checkpoint(folder / "half.npz"); });
  }
}

TEST(Checkpoint, RefusesOneWithAChangedByte) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "c.npz", example());
  std::string bytes = read_text(folder / "c.npz");
  bytes[bytes.find("seconds")] ^= 1;
  write_file(folder / "changed.npz", bytes);
  test::expect_error(ErrorCode::kParse, "changed.npz",
                     [&] { read_checkpoint(folder / "changed.npz"); });
}

TEST(Checkpoint, RefusesAnotherFile) {
  const test::TemporaryFolder folder;
  write_npz(folder / "x.npz", {{"x", Tensor()}});
  test::expect_error(ErrorCode::kParse, "x.npz: it is no checkpoint of a training run",
                     [&] { read_checkpoint(folder / "x.npz"); });
}

TEST(Checkpoint, RefusesAnotherVersion) {
  const test::TemporaryFolder folder;
  const std::string header = R"({"version": 2})";
  const Tensor bytes =
      Tensor::of<std::uint8_t>({static_cast<std::int64_t>(header.size())},
                               std::vector<std::uint8_t>(header.begin(), header.end()));
  write_npz(folder / "c.npz", {{"checkpoint", bytes}});
  test::expect_error(ErrorCode::kUnsupported, "c.npz: it is a checkpoint of version 2, expected 1",
                     [&] { read_checkpoint(folder / "c.npz"); });
}

TEST(Checkpoint, RefusesAPositionThatNoRunHas) {
  const test::TemporaryFolder folder;
  const auto refuses = [&](const auto& damage, const char* sentence) {
    Checkpoint checkpoint = example();
    damage(checkpoint);
    write_checkpoint(folder / "c.npz", checkpoint);
    test::expect_error(ErrorCode::kParse, sentence, [&] { read_checkpoint(folder / "c.npz"); });
  };
  refuses([](Checkpoint& c) { c.metrics.clear(); },
          "c.npz: it is damaged: 688 pictures, 2 epochs, 5 steps and the metrics of 0 epochs");
  refuses([](Checkpoint& c) { c.epoch = -1; }, "it is damaged: 688 pictures, -1 epochs");
  refuses([](Checkpoint& c) { c.step = -1; }, "it is damaged: 688 pictures, 2 epochs, -1 steps");
  refuses([](Checkpoint& c) { c.pictures = 0; }, "it is damaged: 0 pictures");
  refuses([](Checkpoint& c) { c.seconds = -1; }, "it is damaged");
  refuses([](Checkpoint& c) { c.metrics[1] = "{}"; }, "it is no checkpoint of a training run");
}

TEST(Checkpoint, NamesTheKeyInWhichARecipeDiffers) {
  const Checkpoint checkpoint = example();
  EXPECT_EQ(difference(checkpoint, checkpoint.recipe), "");
  EXPECT_EQ(difference(checkpoint, {{"seed", "3"}, {"quantize.weight_bits", "2"}}),
            "it was made with quantize.weight_bits = 4, the recipe says 2");
  EXPECT_EQ(difference(checkpoint, {{"seed", "3"}}),
            "it was made with quantize.weight_bits = 4, the recipe says absent");
}

TEST(Checkpoint, LengthPlaceAndThreadsMayDiffer) {
  const Checkpoint checkpoint = example();
  std::map<std::string, std::string> recipe = checkpoint.recipe;
  recipe["train.epochs"] = "9";
  recipe["threads"] = "2";
  recipe["data.root"] = "\"elsewhere\"";
  recipe["data.cache"] = "\"none\"";
  recipe["data.source 2.root"] = "\"elsewhere\"";
  recipe["ptq.damping"] = "0.1";
  EXPECT_EQ(difference(checkpoint, recipe), "");
}

}  // namespace
}  // namespace quern
