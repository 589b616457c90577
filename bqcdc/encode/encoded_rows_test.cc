#include "bqcdc/encode/encoded_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bqcdc/encode/wire.h"

namespace bqcdc::encode {
namespace {

std::string Framed(std::string_view row) {
  char length[kVarintBytesMax];
  const char* const end = WriteVarint(row.size(), length);
  return "\x0A" + std::string(length, static_cast<size_t>(end - length)) + std::string(row);
}

TEST(EncodedRows, FramesRowsOfEveryLengthClass) {
  EncodedRows rows;
  std::vector<std::string> want;
  std::string all;
  for (const size_t size : {0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 5}) {
    want.emplace_back(size, static_cast<char>('a' + want.size()));
    rows.Append(want.back(), RowFacts{.key_hash = want.size()});
    all += Framed(want.back());
  }
  ASSERT_EQ(rows.row_count(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(rows.row(i), want[i]) << i;
    EXPECT_EQ(rows.framed_row(i), Framed(want[i])) << i;
    EXPECT_EQ(rows.facts(i).key_hash, i + 1);
  }
  EXPECT_EQ(rows.framed(), all);
  EXPECT_EQ(rows.byte_count(), all.size());
  EXPECT_EQ(rows.framed(1, 2), Framed(want[1]) + Framed(want[2]));
  EXPECT_EQ(rows.framed(7, 2), Framed(want[7]) + Framed(want[8]));
}

TEST(EncodedRows, ReusesItsMemory) {
  EncodedRows rows;
  for (int round = 0; round < 3; ++round) {
    rows.Clear();
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(rows.byte_count(), 0u);
    for (int i = 0; i < 10; ++i) rows.Append(std::to_string(round * 10 + i), {});
    rows.Truncate(7);
    rows.Append("x", {});
    ASSERT_EQ(rows.row_count(), 8u);
    EXPECT_EQ(rows.row(6), std::to_string(round * 10 + 6));
    EXPECT_EQ(rows.row(7), "x");
  }
  const EncodedRows moved = std::move(rows);
  EXPECT_EQ(moved.row(7), "x");
}

TEST(EncodedRows, CountsRowsByChangeType) {
  EncodedRows rows;
  rows.Append("upsert", {.change_type = ChangeType::kUpsert});
  rows.Append("delete F/1", {.change_type = ChangeType::kDelete, .sequence_bytes = 3});
  rows.Append("another", {.change_type = ChangeType::kUpsert});
  rows.Append("gone", {.change_type = ChangeType::kDelete});
  EXPECT_EQ(rows.counts().deletes, 2);
  rows.Truncate(3);
  const RowCounts counts = rows.counts();
  EXPECT_EQ(counts.upserts, 2);
  EXPECT_EQ(counts.deletes, 1);
  EXPECT_EQ(counts.delete_bytes, static_cast<int64_t>(Framed("delete F/1").size()));
  EXPECT_EQ(counts.upsert_bytes + counts.delete_bytes, static_cast<int64_t>(rows.byte_count()));
  EXPECT_EQ(rows.sequence_text(0), "");
  EXPECT_EQ(rows.sequence_text(1), "F/1");
  EXPECT_EQ(rows.sequence(1), (values::SequenceNumber{{15, 1, 0, 0}}));
  rows.Clear();
  EXPECT_EQ(rows.counts().deletes, 0);
}

TEST(EncodedRows, AnAbandonedRowLeavesNothing) {
  EncodedRows rows;
  char* cursor = rows.Reserve(rows.BeginRow(), 100'000);
  WriteBytes("abc", 3, cursor);
  rows.AbandonRow();
  rows.Append("kept", {});
  ASSERT_EQ(rows.row_count(), 1u);
  EXPECT_EQ(rows.row(0), "kept");
}

}  // namespace
}  // namespace bqcdc::encode
