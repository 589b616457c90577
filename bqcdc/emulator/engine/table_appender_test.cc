#include "bqcdc/emulator/engine/table_appender.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/emulator/engine/store.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

class TableAppenderTest : public ::testing::Test {
 protected:
  TableAppenderTest() {
    store_ = *Store::Open(directory_.path(), 256 << 20, 1);
    writer_ = *store_->Connect();
    reader_ = *store_->Connect();
    EXPECT_TRUE(writer_->Run("CREATE TABLE delta.main.d1(a BIGINT, b BIGINT)").ok());
  }

  static Chunk MakeRows(size_t rows, size_t columns = 2) {
    std::vector<schema::Column> types(columns);
    for (size_t i = 0; i < columns; ++i) {
      types[i].name = std::string(1, static_cast<char>('a' + i));
      types[i].type = schema::ColumnType::kInt64;
    }
    Chunk chunk(types, /*change_columns=*/false);
    for (size_t column = 0; column < columns; ++column) {
      VectorWriter writer = chunk.Writer(column);
      for (size_t row = 0; row < rows; ++row) writer.SetInt64(row, static_cast<int64_t>(row));
    }
    chunk.SetRowCount(rows);
    return chunk;
  }
  int64_t StoredRows() { return **reader_->ReadInt64("SELECT count(*) FROM delta.main.d1"); }

  base::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> writer_, reader_;
};

TEST_F(TableAppenderTest, CloseStoresAllAtOnce) {
  TableAppender appender(*writer_, "d1");
  size_t rows = 0;
  for (; rows + 2000 <= TableAppender::kRowsAtOnceMax; rows += 2000) appender.Append(MakeRows(2000));
  EXPECT_EQ(StoredRows(), 0);
  ASSERT_TRUE(appender.Close().ok());
  EXPECT_EQ(StoredRows(), static_cast<int64_t>(rows));
}

TEST_F(TableAppenderTest, WhatWasNotClosedIsNotStored) {
  {
    TableAppender appender(*writer_, "d1");
    appender.Append(MakeRows(100));
    const TableAppender moved = std::move(appender);
  }
  EXPECT_EQ(StoredRows(), 0);
}

TEST_F(TableAppenderTest, NothingIsStoredWhereAChunkDoesNotFit) {
  {
    TableAppender appender(*writer_, "d1");
    appender.Append(MakeRows(100));
    appender.Append(MakeRows(100, /*columns=*/3));
    appender.Append(MakeRows(100));
    EXPECT_FALSE(appender.Close().ok());
  }
  EXPECT_EQ(StoredRows(), 0);
}

TEST_F(TableAppenderTest, ItIsAPartOfATransaction) {
  for (const bool commit : {false, true}) {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(*writer_);
    ASSERT_TRUE(transaction.ok());
    TableAppender appender(*writer_, "d1");
    for (int i = 0; i < 105; ++i) appender.Append(MakeRows(2000));  // more than DuckDB gathers
    ASSERT_TRUE(appender.Close().ok());
    EXPECT_EQ(StoredRows(), 0);
    if (commit) {
      EXPECT_TRUE(transaction->Commit().ok());
    }
  }
  EXPECT_EQ(StoredRows(), 210'000);
}

TEST_F(TableAppenderTest, AMissingTableIsToldByClose) {
  TableAppender appender(*writer_, "d2");
  appender.Append(MakeRows(100));
  const absl::Status status = appender.Close();
  EXPECT_NE(status.message().find("d2"), std::string::npos) << status;
}

}  // namespace
}  // namespace bqcdc::emulator::engine
