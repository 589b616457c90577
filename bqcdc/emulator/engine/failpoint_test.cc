#include "bqcdc/base/failpoint.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/testing/killed_child.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

// Kills a child process at every failpoint and looks at what it left behind.
namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using testing::Kill;
using testing::KilledChildDirectory;
using testing::Plain;
using testing::RunUntilKilled;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

// What the child does, over and over: changes of a few keys with rising numbers, plain rows with ids of their
// own, applies, and tables that come, change and go. Each acknowledged request is noted in a file before the
// next one is sent.
void LiveUntilKilled(const std::string& directory) {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.database.delta_bytes_max = 1024;
  options.directory = directory;
  TableDriver table(options);
  std::ofstream noted(directory + "/acknowledged", std::ios::app);
  for (int i = 1; i <= 60; ++i) {
    if (!table.Append({Upsert(i % 5, absl::StrCat("v", i), absl::StrCat(i)), Plain(1000 + i, "plain")}).ok())
      _exit(1);
    noted << i << std::endl;
    table.clock().Advance(absl::Milliseconds(1));
    if (i % 4 == 0) table.Apply();
    if (i % 6 == 0) {
      // A column comes and gets another name, and every other time the one before it goes.
      const auto change = [&](catalog::Table& entity) {
        if (i % 12 == 0) entity.schema.columns.pop_back();
        entity.schema.columns.emplace_back().name = absl::StrCat("c", i);
        return absl::OkStatus();
      };
      const auto changed =
          table.database().UpdateTable(table.id(), std::nullopt, change, ColumnDrops::kAllowed);
      if (!changed.ok()) _exit(1);
      if (!table.database()
               .RenameColumns(table.id(), std::nullopt, {{absl::StrCat("c", i), absl::StrCat("d", i)}})
               .ok()) {
        _exit(1);
      }
      catalog::Table other = *table.database().GetTable(table.id());
      other.id.table = "other";
      if (!table.database().CreateTable(other, /*replace=*/true).ok()) _exit(1);
      if (!table.database().DropTable(other.id).ok()) _exit(1);
    }
    if (i % 20 == 0) table.Restart();
  }
  _exit(0);
}

int LastNoted(const std::string& directory) {
  std::ifstream noted(directory + "/acknowledged");
  int last = 0;
  for (int i = 0; noted >> i;) last = i;
  return last;
}

// The rows after request `last`.
std::string Want(int last) {
  std::vector<std::string> rows;
  for (int key = 0; key < 5; ++key) {
    int newest = last;
    while (newest > 0 && newest % 5 != key) --newest;
    if (newest > 0) rows.push_back(absl::StrCat(key, "=v", newest));
  }
  for (int i = 1; i <= last; ++i) rows.push_back(absl::StrCat(1000 + i, "=plain"));
  std::string text;
  for (const std::string& row : rows) absl::StrAppend(&text, text.empty() ? "" : " ", row);
  return text;
}

class FailpointTest : public ::testing::TestWithParam<Kill> {};

TEST_P(FailpointTest, NothingAcknowledgedIsLostNothingIsDoubled) {
  const std::string point(base::FailpointName(GetParam().point));
  testing::TemporaryDirectory directory;
  ASSERT_TRUE(RunUntilKilled(GetParam(), "FailpointChild.DISABLED_Lives", directory.path()))
      << point << " was not reached";
  const int last = LastNoted(directory.path());
  TableDriver::Options options = TableDriver::ManualApplies();
  options.directory = directory.path();
  TableDriver table(options);
  const std::string rows = table.Rows();
  // The request that was under way when the process died may be there or not.
  EXPECT_TRUE(rows == Want(last) || rows == Want(last + 1))
      << point << ": " << rows << "\nacknowledged: " << last;
  // Late changes still lose (key 0 comes with the fifth request), and life goes on.
  if (last >= 5) {
    ASSERT_TRUE(table.Append({Upsert(0, "late", "0")}).ok());
  }
  ASSERT_TRUE(table.Append({Plain(5000, "new")}).ok());
  const std::string want = absl::StrCat(rows, rows.empty() ? "" : " ", "5000=new");
  EXPECT_EQ(table.Rows(), want);
  table.Apply();
  table.Restart();
  EXPECT_EQ(table.Rows(), want);
}

std::vector<Kill> EveryPoint() {
  std::vector<Kill> kills;
#define BQCDC_FAILPOINT_KILL(name, text) \
  for (const int visit : {1, 3}) kills.push_back({base::Failpoint::name, visit});
  BQCDC_SERVER_FAILPOINTS(BQCDC_FAILPOINT_KILL)
#undef BQCDC_FAILPOINT_KILL
  // Write streams and changed rows have lives of their own: write_streams_test, row_changer_test.
  std::erase_if(kills, [](const Kill& kill) {
    return kill.point == base::Failpoint::kReleaseBeforeCommit ||
           kill.point == base::Failpoint::kReleaseAfterCommit ||
           kill.point == base::Failpoint::kChangeRowsBeforeCommit ||
           kill.point == base::Failpoint::kChangeRowsAfterCommit;
  });
  return kills;
}

INSTANTIATE_TEST_SUITE_P(Kills, FailpointTest, ::testing::ValuesIn(EveryPoint()),
                         [](const auto& info) { return testing::KillName(info.param); });

// Runs in the child process only.
TEST(FailpointChild, DISABLED_Lives) {
  if (KilledChildDirectory() != nullptr) LiveUntilKilled(KilledChildDirectory());
}

}  // namespace
}  // namespace bqcdc::emulator::engine
