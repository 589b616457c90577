#include "bqcdc/pipeline/current_binding.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace bqcdc::pipeline {
namespace {

constexpr std::uint64_t kOne = 1, kTwo = 2;

class CurrentBindingTest : public ::testing::Test {
 protected:
  // A table with so many columns beside its key.
  static TableBinding Table(int columns) {
    rest::TableResource table;
    table.schema.primary_key = {"id"};
    table.schema.columns.push_back({.name = "id", .type = schema::ColumnType::kInt64});
    for (int i = 0; i < columns; ++i) {
      table.schema.columns.push_back({.name = "c" + std::to_string(i), .type = schema::ColumnType::kInt64});
    }
    return *BindTable({"p", "d", "t"}, table);
  }
  absl::StatusOr<TableBinding> Read() {
    ++reads_;
    if (!reachable_) return absl::UnavailableError("away");
    return Table(columns_);
  }
  absl::Time Later(absl::Duration by) {
    clock_.Advance(by);
    return clock_.Now();
  }

  base::ManualClock clock_{absl::UnixEpoch() + absl::Hours(1)};
  int reads_ = 0, columns_ = 1;
  bool reachable_ = true;
  CurrentBinding current_{Table(1), [this] { return Read(); }, clock_};
};

TEST_F(CurrentBindingTest, IsAskedAtMostOnceInTheInterval) {
  const auto first = current_.newest();
  columns_ = 2;
  EXPECT_NE(current_.Refresh(), first);
  columns_ = 3;
  const auto second = current_.newest();
  Later(absl::Milliseconds(9999));
  EXPECT_EQ(current_.Refresh(), second);
  EXPECT_EQ(reads_, 1);
  Later(absl::Milliseconds(1));
  EXPECT_EQ(current_.Refresh()->schema.columns.size(), 4u);
  EXPECT_EQ(reads_, 2);
}

// The service tells of a change once.
TEST_F(CurrentBindingTest, AChangeStaysNotedUntilItCouldBeRead) {
  const auto first = current_.newest();
  EXPECT_FALSE(current_.MayDifferFrom(first));
  current_.NoteChange();
  reachable_ = false;
  EXPECT_EQ(current_.Refresh(), first);
  EXPECT_TRUE(current_.MayDifferFrom(first));
  reachable_ = true;
  Later(absl::Seconds(10));
  current_.Refresh();
  EXPECT_FALSE(current_.MayDifferFrom(first)) << "it was read, and nothing has changed";
}

TEST_F(CurrentBindingTest, ARowIsNotJudgedByASchemaThatIsOlderThanIt) {
  const auto first = current_.newest();
  const absl::Time early = clock_.Now();
  EXPECT_TRUE(current_.WantsLook(kOne, early));
  EXPECT_EQ(current_.Look(kOne, Later(absl::Milliseconds(1))), first);
  EXPECT_EQ(reads_, 1);
  // What was read before the look has been judged by it, whatever is wrong with it.
  EXPECT_FALSE(current_.WantsLook(kTwo, early));
  // What comes after it has not, unless such rows were refused already.
  const absl::Time late = Later(absl::Milliseconds(1));
  EXPECT_FALSE(current_.WantsLook(kOne, late));
  EXPECT_TRUE(current_.WantsLook(kTwo, late));
  columns_ = 2;
  std::shared_ptr<const TableBinding> found;
  absl::Notification done;
  std::thread looker([&] {
    found = current_.Look(kTwo, late);
    done.Notify();
  });
  // Real time only paces the moves of the clock, which decides.
  while (!done.WaitForNotificationWithTimeout(absl::Milliseconds(5))) Later(absl::Seconds(1));
  looker.join();
  EXPECT_GE(clock_.Now() - late, absl::Milliseconds(9990));
  EXPECT_EQ(reads_, 2);
  EXPECT_EQ(found->schema.columns.size(), 3u);
  // The schema is another: what it refuses is not known yet.
  EXPECT_TRUE(current_.WantsLook(kOne, Later(absl::Milliseconds(1))));
}

TEST_F(CurrentBindingTest, ALookIsWantedAgainAfterTheInterval) {
  current_.Look(kOne, Later(absl::Milliseconds(1)));
  EXPECT_FALSE(current_.WantsLook(kOne, Later(absl::Seconds(9))));
  EXPECT_TRUE(current_.WantsLook(kOne, Later(absl::Seconds(2))));
}

// An input full of names that the table does not have is not held up by each of them.
TEST_F(CurrentBindingTest, ReasonsThatAreWaitedForHaveALimit) {
  for (std::uint64_t reason = 0; reason < CurrentBinding::kReasonsMax; ++reason) {
    const absl::Time read = Later(CurrentBinding::kReadInterval);
    EXPECT_TRUE(current_.WantsLook(reason, read));
    current_.Look(reason, read);
  }
  EXPECT_FALSE(current_.WantsLook(1000, Later(absl::Seconds(1))));
  EXPECT_TRUE(current_.WantsLook(1000, Later(absl::Seconds(9))));
}

TEST_F(CurrentBindingTest, WaitingCanBeEnded) {
  current_.Look(kOne, Later(absl::Milliseconds(1)));
  const absl::Time late = Later(absl::Milliseconds(1));
  std::thread looker([&] { current_.Look(kTwo, late); });
  current_.EndWaiting();
  looker.join();
  EXPECT_EQ(reads_, 1);
  EXPECT_FALSE(current_.WantsLook(kTwo, late));
}

TEST_F(CurrentBindingTest, WhereNothingCanBeReadNothingIsAwaited) {
  CurrentBinding fixed(Table(1), nullptr, clock_);
  EXPECT_FALSE(fixed.WantsLook(kOne, Later(absl::Hours(1))));
  EXPECT_EQ(fixed.Look(kOne, clock_.Now()), fixed.newest());
}

}  // namespace
}  // namespace bqcdc::pipeline
