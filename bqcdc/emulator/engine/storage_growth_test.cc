// Endless changes of a table of constant size: the files on disk stay in bounds.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/engine/limits.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

constexpr int64_t kDeltaLogBytesMax = 4 << 20;

TableDriver::Options SmallLogs() {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.database.delta_bytes_max = kDeltaLogBytesMax;
  return options;
}

// Values that no compression makes small.
int64_t Scattered(int64_t i) {
  return static_cast<int64_t>(static_cast<uint64_t>(i + 1) * 0x9E3779B97F4A7C15u ^ 0x5851F42D4C957F2Du);
}

int64_t BytesIn(const std::string& directory) {
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    // A log may go while we look.
    std::error_code gone;
    const auto size = entry.file_size(gone);
    if (!gone) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

TEST(StorageGrowthTest, RowsThatAreRewrittenForEverTakeNoMoreRoom) {
  constexpr int64_t kKeys = 4'000, kRounds = 160, kNameBytes = 500;
  TableDriver table(SmallLogs());
  int64_t written = 0, first_half = 0, second_half = 0;
  for (int64_t round = 0; round < kRounds; ++round) {
    std::vector<TestRow> rows;
    for (int64_t id = 0; id < kKeys; ++id)
      rows.push_back(Upsert(id, std::string(kNameBytes, static_cast<char>('a' + (id + round) % 26))));
    written += kKeys * kNameBytes;
    ASSERT_TRUE(table.Append(rows).ok());
    table.Apply();
    int64_t& half = round < kRounds / 2 ? first_half : second_half;
    half = std::max(half, BytesIn(table.directory()));
  }
  // The logs wrap within each half, so both have seen all that there is to see.
  ASSERT_GT(written / 2, kBaselineLogBytesMax);
  EXPECT_LT(second_half, kBaselineLogBytesMax + 16 * kKeys * kNameBytes) << "first half: " << first_half;
  EXPECT_LT(second_half, first_half + first_half / 10);
}

TEST(StorageGrowthTest, DeletesAreForgottenAfterTwoDaysAndLeaveNoRoomBehind) {
  constexpr int64_t kDeletesPerHour = 2'000, kHours = 200;
  TableDriver table(SmallLogs());
  int64_t peak_of_two_days = 0, peak_later = 0;
  for (int64_t hour = 0; hour < kHours; ++hour) {
    std::vector<TestRow> rows;
    for (int64_t i = hour * kDeletesPerHour; i < (hour + 1) * kDeletesPerHour; ++i)
      rows.push_back(Delete(Scattered(i), absl::StrCat(absl::Hex(Scattered(~i)), "/1")));
    ASSERT_TRUE(table.Append(rows).ok());
    table.Apply();
    table.clock().Advance(absl::Hours(1));
    if (hour % 10 != 0) continue;
    table.Restart();  // Logs are written into the files.
    int64_t& peak = hour <= 60 ? peak_of_two_days : peak_later;
    peak = std::max(peak, BytesIn(table.directory()));
  }
  EXPECT_LT(peak_later, 2 * peak_of_two_days) << "after " << kHours << " hours";
  EXPECT_EQ(table.Rows(), "");
  // A delete of the last two days still counts, an older one does not.
  const int64_t forgotten = Scattered(0);
  ASSERT_TRUE(table
                  .Append({Upsert(Scattered((kHours - 1) * kDeletesPerHour), "late", "0"),
                           Upsert(forgotten, "back", "0")})
                  .ok());
  EXPECT_EQ(table.Rows(), absl::StrCat(forgotten, "=back"));
}

}  // namespace
}  // namespace bqcdc::emulator::engine
