#include "quern/ptq/batch_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

std::vector<std::byte> bytes(std::size_t size, int fill) {
  return std::vector<std::byte>(size, static_cast<std::byte>(fill));
}

constexpr ValueId kA{1};
constexpr ValueId kB{2};

TEST(BatchStore, GivesBackWhatWasPut) {
  BatchStore store(1000);
  store.put(kA, 0, bytes(10, 1));
  store.put(kA, 1, bytes(20, 2));
  store.put(kB, 0, {});
  EXPECT_EQ(store.get(kA, 0), bytes(10, 1));
  EXPECT_EQ(store.get(kA, 1), bytes(20, 2));
  EXPECT_TRUE(store.get(kB, 0).empty());
  store.put(kA, 0, bytes(5, 3));
  EXPECT_EQ(store.get(kA, 0), bytes(5, 3));
  EXPECT_EQ(store.held(), 25U);
}

TEST(BatchStore, PutsIntoAFileWhatMemoryIsNotAllowedFor) {
  BatchStore store(100);
  for (std::size_t batch = 0; batch < 20; ++batch) {
    store.put(kA, batch, bytes(40 + batch, static_cast<int>(batch)));
    EXPECT_LE(store.held(), 100U);
  }
  for (std::size_t batch = 0; batch < 20; ++batch) {
    EXPECT_EQ(store.get(kA, batch), bytes(40 + batch, static_cast<int>(batch)));
  }
}

TEST(BatchStore, ForgetsAValueAndHasItsMemoryAgain) {
  BatchStore store(100);
  store.put(kA, 0, bytes(90, 1));
  store.put(kB, 0, bytes(50, 2));
  store.drop(kA);
  EXPECT_EQ(store.held(), 0U);
  EXPECT_EQ(store.get(kB, 0), bytes(50, 2));
  test::expect_error(ErrorCode::kInternal, "is not stored", [&] { store.get(kA, 0); });
  store.put(kA, 0, bytes(90, 3));
  EXPECT_EQ(store.held(), 90U);
}

TEST(BatchStore, ServesThreadsSideBySide) {
  BatchStore store(1000);
  const auto work = [&](ValueId value) {
    for (std::size_t batch = 0; batch < 50; ++batch) {
      store.put(value, batch, bytes(64, static_cast<int>(batch)));
      EXPECT_EQ(store.get(value, batch), bytes(64, static_cast<int>(batch)));
    }
  };
  std::jthread other([&] { work(kB); });
  work(kA);
}

TEST(BatchStore, SaysWhereItCouldNotWrite) {
  setenv("TMPDIR", "/nowhere", /*overwrite=*/1);
  BatchStore store(0);
  test::expect_error(ErrorCode::kIo, "activations need a temporary file: No such file",
                     [&] { store.put(kA, 0, bytes(1, 1)); });
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace quern
