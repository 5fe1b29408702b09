#include "quern/ptq/batch_store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <thread>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

std::vector<std::byte> bytes(std::size_t size, int fill) {
  return std::vector<std::byte>(size, static_cast<std::byte>(fill));
}

std::vector<std::byte> read(const BatchStore& store, const BatchStore::Place& place) {
  std::vector<std::byte> buffer;
  const auto found = store.read(place, buffer);
  return {found.begin(), found.end()};
}

TEST(BatchStore, GivesBackWhatWasPut) {
  BatchStore store(1024);
  const auto first = store.put(bytes(10, 1));
  const auto second = store.put(bytes(20, 2));
  const auto empty = store.put({});
  EXPECT_EQ(read(store, first), bytes(10, 1));
  EXPECT_EQ(read(store, second), bytes(20, 2));
  EXPECT_TRUE(read(store, empty).empty());
  EXPECT_EQ(store.room(), 1024U - 2 * 64);
}

TEST(BatchStore, PutsIntoAFileWhatMemoryIsNotAllowedFor) {
  BatchStore store(128);
  std::vector<BatchStore::Place> places;
  for (std::size_t i = 0; i < 20; ++i) {
    places.push_back(store.put(bytes(40 + i, static_cast<int>(i))));
    EXPECT_EQ(places.back().in_file, i >= 2);
  }
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(read(store, places[i]), bytes(40 + i, static_cast<int>(i)));
  }
}

TEST(BatchStore, HasTheMemoryOfWhatIsDroppedAgainAsOnePiece) {
  BatchStore store(256);
  std::vector<BatchStore::Place> places;
  for (int i = 0; i < 4; ++i) places.push_back(store.put(bytes(64, i)));
  const auto in_file = store.put(bytes(50, 4));
  for (const int i : {1, 3, 2}) store.drop(places[static_cast<std::size_t>(i)]);
  EXPECT_EQ(store.room(), 192U);
  const auto whole = store.put(bytes(192, 5));
  EXPECT_FALSE(whole.in_file);
  EXPECT_EQ(store.room(), 0U);
  EXPECT_EQ(read(store, places[0]), bytes(64, 0));
  EXPECT_EQ(read(store, in_file), bytes(50, 4));
  EXPECT_EQ(read(store, whole), bytes(192, 5));
  store.drop(in_file);
  store.drop(whole);
  store.drop(places[0]);
  EXPECT_EQ(store.room(), 256U);
}

TEST(BatchStore, ServesThreadsSideBySide) {
  BatchStore store(1024);
  const auto work = [&](int fill) {
    for (int i = 0; i < 50; ++i) {
      const auto place = store.put(bytes(64, fill + i));
      EXPECT_EQ(read(store, place), bytes(64, fill + i));
      if (i % 2 == 0) store.drop(place);
    }
  };
  std::jthread other([&] { work(100); });
  work(0);
}

TEST(BatchStore, SaysWhereItCouldNotWrite) {
  setenv("TMPDIR", "/nowhere", /*overwrite=*/1);
  BatchStore store(0);
  test::expect_error(ErrorCode::kIo, "activations need a temporary file: No such file",
                     [&] { store.put(bytes(1, 1)); });
  unsetenv("TMPDIR");
}

TEST(BatchStore, SaysWhatMemoryTheSystemDoesNotGive) {
  test::expect_error(ErrorCode::kIo, "bytes of activations in memory: Cannot allocate memory",
                     [] { BatchStore(std::numeric_limits<std::size_t>::max() / 2); });
}

}  // namespace
}  // namespace quern
