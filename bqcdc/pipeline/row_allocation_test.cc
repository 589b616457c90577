// A line that becomes a row allocates nothing once memory has grown: what is allocated is for each block of
// lines and each batch. A program of its own, because it counts every allocation of the process.

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "bqcdc/base/testing/allocation_count.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/pipeline/input_encoder.h"
#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::pipeline {
namespace {

constexpr std::int64_t kRows = 400'000;
// Of what a row may allocate in the mean: 10,000 rows are a block and some batches.
constexpr double kAllocationsPerRowMax = 0.01;

// By the number of lanes.
class RowAllocationTest : public ::testing::TestWithParam<int> {
 protected:
  static rest::TableResource Table() {
    rest::TableResource table;
    table.schema = {*schema::ParseInlineSchema("id:INT64,name:STRING"), {"id"}};
    return table;
  }

  LineReader Open() {
    const std::string path = directory_.path() + "/input.jsonl";
    std::ofstream file(path);
    for (std::int64_t row = 0; row < kRows; ++row)
      file << R"({"id":)" << row
           << R"(,"name":"a name that no small buffer of a string holds","_CHANGE_TYPE":"UPSERT"})"
           << "\n";
    file.close();
    return *LineReader::Open({path}, stop_, {});
  }

  base::TemporaryDirectory directory_;
  StopSignal stop_;
};

TEST_P(RowAllocationTest, LinesAllocateForEachBlockAndBatchOnly) {
  LineReader reader = Open();
  std::int64_t rows = 0, rows_before = 0;
  std::size_t before = 0;
  std::set<int> lanes;
  Progress progress;
  InputEncoderEvents events;
  events.lanes_wanted = [] { return GetParam(); };
  events.on_batch = [&](const std::shared_ptr<ChangeBatch>& batch) {
    rows += static_cast<std::int64_t>(batch->rows.row_count());
    lanes.insert(batch->lane);
    progress.Settle(batch->progress);
    if (before == 0 && rows >= kRows / 2) {  // Memory has grown.
      before = base::AllocationCount();
      rows_before = rows;
    }
    return true;
  };
  auto pool = write::BatchPool::Create([] { return std::make_unique<ChangeBatch>(); });
  CurrentBinding table(*BindTable({"p", "d", "t"}, Table()), /*read=*/nullptr, base::SystemClock::Get());
  InputEncoder encoder(table, {}, events, pool, progress, base::SystemClock::Get());
  ASSERT_TRUE(encoder.Run(reader).ok());
  const std::size_t count = base::AllocationCount() - before;
  EXPECT_EQ(rows, kRows);
  EXPECT_EQ(lanes.size(), static_cast<std::size_t>(GetParam()));
  ASSERT_GT(rows_before, 0);
  EXPECT_LT(static_cast<double>(count), kAllocationsPerRowMax * static_cast<double>(rows - rows_before));
  RecordProperty("allocations", static_cast<int>(count));
}

INSTANTIATE_TEST_SUITE_P(Lanes, RowAllocationTest, ::testing::Values(1, 4));

}  // namespace
}  // namespace bqcdc::pipeline
