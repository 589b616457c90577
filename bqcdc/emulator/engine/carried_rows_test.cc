#include "bqcdc/emulator/engine/carried_rows.h"

#include <string>

#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using cdc::KeyDictionary;
using cdc::PendingRow;
using cdc::PendingRows;
using cdc::RowOperation;

void Add(PendingRows& rows, KeyDictionary& keys, const std::string& key, int64_t ingest_us,
         RowOperation operation = RowOperation::kUpsert) {
  PendingRow row;
  row.key = keys.FindOrAdd(key, cdc::HashKey(key));
  row.operation = operation;
  row.ingest_us = ingest_us;
  rows.Append(row);
}

TEST(CarriedRows, NumbersKeysAnewInTheRowsOrder) {
  PendingRows rows(1);
  KeyDictionary keys;
  for (const char* key : {"applied", "both"}) Add(rows, keys, key, 1);
  Add(rows, keys, "late", 2, RowOperation::kDelete);
  Add(rows, keys, "both", 3);
  CarriedRows carried(2, 101);
  EXPECT_EQ(carried.Copy(rows, keys, 1), 1);
  carried.NumberKeys();
  Add(rows, keys, "late", 4, RowOperation::kPlain);  // while the others were numbered
  EXPECT_EQ(carried.Copy(rows, keys, 100), 2);
  carried.NumberKeys();
  EXPECT_EQ(carried.Copy(rows, keys, 100), 0);

  EXPECT_EQ(carried.change_count(), 2);
  const auto carried_rows = carried.TakeRows();
  const auto carried_keys = carried.TakeKeys();
  ASSERT_NE(carried_rows, nullptr);
  EXPECT_EQ(carried_rows->first_ordinal(), 101);
  ASSERT_EQ(carried_rows->size(), 3);
  EXPECT_EQ(carried_keys->size(), 2);
  const char* expected[] = {"late", "both", "late"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(carried_keys->key((*carried_rows)[i].key), expected[i]);
    EXPECT_EQ((*carried_rows)[i].ingest_us, static_cast<int64_t>(i) + 2);
    EXPECT_EQ(carried_keys->hash((*carried_rows)[i].key), cdc::HashKey(expected[i]));
  }
}

TEST(CarriedRows, NothingIsNothing) {
  PendingRows rows(1);
  KeyDictionary keys;
  Add(rows, keys, "applied", 1);
  CarriedRows carried(1, 2);
  EXPECT_EQ(carried.Copy(rows, keys, 100), 0);
  carried.NumberKeys();
  EXPECT_EQ(carried.TakeRows(), nullptr);
  EXPECT_EQ(carried.TakeKeys(), nullptr);
  EXPECT_EQ(carried.change_count(), 0);
}

}  // namespace
}  // namespace bqcdc::emulator::engine
