#include "bqcdc/write/batch_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>

namespace bqcdc::write {
namespace {

bool IsReady(const std::future<void>& room) {
  return room.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

TEST(BatchPool, TellsOfRoom) {
  const auto pool = BatchPool::Create([] { return std::make_unique<RowBatch>(); }, {.batches = 1});
  EXPECT_TRUE(IsReady(pool->WhenRoom()));
  std::shared_ptr<RowBatch> only = pool->Acquire();
  ASSERT_NE(only, nullptr);
  const std::future<void> first = pool->WhenRoom(), second = pool->WhenRoom();
  EXPECT_FALSE(IsReady(first));
  only.reset();
  EXPECT_TRUE(IsReady(first));
  EXPECT_TRUE(IsReady(second)) << "whoever is first takes it";
  only = pool->Acquire();
  const std::future<void> last = pool->WhenRoom();
  EXPECT_FALSE(IsReady(last));
  pool->Close();
  EXPECT_TRUE(IsReady(last)) << "nobody waits for ever";
}

TEST(BatchPool, WaitsByTheGivenClock) {
  const absl::Time late = absl::FromUnixSeconds(10'000'000'000);  // A machine would wait for centuries.
  const base::ManualClock clock(late);
  const auto pool = BatchPool::Create([] { return std::make_unique<RowBatch>(); }, {.batches = 1}, clock);
  const std::shared_ptr<RowBatch> only = pool->Acquire();
  EXPECT_EQ(pool->Acquire(late), nullptr);
}

}  // namespace
}  // namespace bqcdc::write
