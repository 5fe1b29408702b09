#include "quern/data/fire_photos.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quern/base/file.h"
#include "quern/base/sha256.h"
#include "quern/data/class_balance.h"
#include "quern/data/data_kinds.h"
#include "quern/data/image.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

std::string bytes_of(const std::filesystem::path& root) {
  std::string all;
  for (const Sample& sample : read_split({{"dfire", root}}, "train").samples) {
    all += sha256(read_file(sample.path));
    const std::string name = sample.path.stem().string();
    all += read_text(root / "train/labels" / (name + ".txt"));
  }
  return sha256(std::as_bytes(std::span(all)));
}

TEST(WriteFirePhotos, ShowsEveryMixtureOfSmokeAndFire) {
  const test::TemporaryFolder folder;
  write_fire_photos(folder.path(), {.train = 60, .test = 3, .side = 48});
  const LabelledSet train = read_split({{"dfire", folder.path()}}, "train");
  const ClassBalance balance = class_balance(train);
  EXPECT_EQ(balance.pictures, 60);
  for (const std::size_t count :
       {balance.positives[0], balance.positives[1], balance.several, balance.none}) {
    EXPECT_GT(count, 3);
  }
  EXPECT_THAT(train.notes, testing::IsEmpty());
  EXPECT_EQ(read_split({{"dfire", folder.path()}}, "test").samples.size(), 3);
  const Image image = decode_image(train.samples[0].path);
  EXPECT_EQ(image.width, 48);
  EXPECT_EQ(image.height, 48);
}

TEST(WriteFirePhotos, ReplacesThoseOfAnEarlierTime) {
  const test::TemporaryFolder folder;
  write_fire_photos(folder / "again", {.train = 5, .test = 3, .side = 32});
  write_fire_photos(folder / "again", {.train = 2, .test = 1, .side = 40});
  write_fire_photos(folder / "once", {.train = 2, .test = 1, .side = 40});
  EXPECT_EQ(bytes_of(folder / "again"), bytes_of(folder / "once"));
  EXPECT_EQ(read_split({{"dfire", folder / "again"}}, "test").samples.size(), 1);
}

TEST(WriteFirePhotos, RepeatsItselfForASeedOnAnyNumberOfThreads) {
  const test::TemporaryFolder folder;
  const auto painted = [&](const std::string& name, std::uint64_t seed, int threads) {
    write_fire_photos(folder / name,
                      {.train = 8, .test = 1, .side = 40, .seed = seed, .threads = threads});
    return bytes_of(folder / name);
  };
  const std::string first = painted("a", 7, 1);
  EXPECT_EQ(first, painted("b", 7, 3));
  EXPECT_NE(first, painted("c", 8, 1));
}

TEST(WriteFirePhotos, RefusesImpossibleSets) {
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::kInvalidArgument, "must be positive, got 0 to train and 3 to test",
               [&] { write_fire_photos(folder.path(), {.train = 0, .test = 3}); });
  expect_error(ErrorCode::kInvalidArgument, "the side of fire photos must be 32 to 1024, got 8",
               [&] { write_fire_photos(folder.path(), {.side = 8}); });
  write_file(folder / "file", std::string_view());
  expect_error(ErrorCode::kIo, "cannot write",
               [&] { write_fire_photos(folder / "file", {.train = 1, .test = 1, .side = 32}); });
}

/// Photos as vectors of 16x16 pixels of −1 to 1 and a constant, and the answers.
struct Points {
  std::vector<std::vector<float>> features;
  LabelledSet set;
};

Points read_points(const std::filesystem::path& root, const std::string& split) {
  Points points{.features = {}, .set = read_split({{"dfire", root}}, split)};
  for (const Sample& sample : points.set.samples) {
    std::vector<float> values;
    for (const std::uint8_t pixel : resize(decode_image(sample.path), 16, 16).pixels) {
      values.push_back(static_cast<float>(pixel) / 127.5F - 1);
    }
    values.push_back(1);
    points.features.push_back(std::move(values));
  }
  return points;
}

float product(const std::vector<float>& a, const std::vector<float>& b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Logistic regression of one output by gradient descent with momentum and weight decay.
std::vector<float> fit_line(const Points& points, std::size_t output) {
  constexpr int kSteps = 80;
  constexpr float kRate = 0.02F;
  constexpr float kDecay = 0.01F;
  const std::size_t width = points.features[0].size();
  std::vector<float> weights(width);
  std::vector<float> speed(width);
  for (int step = 0; step < kSteps; ++step) {
    std::vector<float> slope(width);
    for (std::size_t i = 0; i < points.features.size(); ++i) {
      const float answer = 1 / (1 + std::exp(-product(weights, points.features[i])));
      const float error = answer - static_cast<float>(points.set.targets_of(i)[output]);
      for (std::size_t k = 0; k < width; ++k) slope[k] += error * points.features[i][k];
    }
    for (std::size_t k = 0; k < width; ++k) {
      const float mean = slope[k] / static_cast<float>(points.features.size());
      speed[k] = 0.9F * speed[k] - kRate * (mean + kDecay * weights[k]);
      weights[k] += speed[k];
    }
  }
  return weights;
}

double f1(double right, double wrong) { return 2 * right / std::max(1.0, 2 * right + wrong); }

/// Colours at places do not tell: a line through the pixels answers no better than "always yes".
TEST(WriteFirePhotos, CanNotBeToldByALineThroughTheirPixels) {
  const test::TemporaryFolder folder;
  write_fire_photos(folder.path(), {.train = 400, .test = 200, .side = 64});
  const Points train = read_points(folder.path(), "train");
  const Points test = read_points(folder.path(), "test");
  double line_f1 = 0;
  double floor = 0;
  for (std::size_t output = 0; output < 2; ++output) {
    const std::vector<float> weights = fit_line(train, output);
    double right = 0;
    double wrong = 0;
    double positives = 0;
    for (std::size_t i = 0; i < test.features.size(); ++i) {
      const bool is_positive = test.set.targets_of(i)[output] != 0;
      const bool says_yes = product(weights, test.features[i]) >= 0;
      positives += is_positive ? 1 : 0;
      right += is_positive && says_yes ? 1 : 0;
      wrong += is_positive != says_yes ? 1 : 0;
    }
    line_f1 += f1(right, wrong) / 2;
    floor += f1(positives, static_cast<double>(test.features.size()) - positives) / 2;
  }
  EXPECT_LT(line_f1, floor + 0.05) << "a convolutional network reaches 0.9 and more";
}

}  // namespace
}  // namespace quern
