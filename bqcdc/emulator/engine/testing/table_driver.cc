#include "bqcdc/emulator/engine/testing/table_driver.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::emulator::engine::testing {
namespace {

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Check(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

schema::TableSchema MakeSchema(bool primary_key) {
  schema::TableSchema schema;
  schema.columns.resize(2);
  schema.columns[0].name = "id";
  schema.columns[0].type = schema::ColumnType::kInt64;
  schema.columns[1].name = "name";
  schema.columns[1].type = schema::ColumnType::kString;
  if (primary_key) schema.primary_key = {"id"};
  return schema;
}

}  // namespace

TableDriver::Options TableDriver::InDirectory(Options options, const std::string& temporary) {
  if (options.directory.empty()) options.directory = temporary;
  return options;
}

TableDriver::TableDriver(Options options)
    : options_(InDirectory(std::move(options), temporary_.path())),
      clock_(absl::FromUnixSeconds(1'767'225'600)) {
  Open();
  if (database_->GetTable(id_).ok()) return;
  catalog::Dataset dataset;
  dataset.id = {id_.project, id_.dataset};
  if (!database_->GetDataset(dataset.id).ok()) Check(database_->CreateDataset(dataset));
  catalog::Table table;
  table.id = id_;
  table.schema = MakeSchema(options_.primary_key);
  table.max_staleness_us = options_.max_staleness_us;
  Check(database_->CreateTable(table, false).status());
}

void TableDriver::Open() {
  DatabaseOptions options = options_.database;
  options.data_dir = options_.directory;
  database_ = Check(Database::Open(options, &clock_));
}

void TableDriver::Restart() {
  database_.reset();
  Open();
}

AppendBatch TableDriver::MakeBatch(const std::vector<TestRow>& rows) {
  const catalog::Table table = Check(database_->GetTable(id_));
  AppendBatch batch;
  batch.table_uid = table.uid;
  batch.schema_version = table.schema_version;
  for (size_t begin = 0; begin < rows.size(); begin += Chunk::kRowsMax) {
    const size_t count = std::min(rows.size() - begin, Chunk::kRowsMax);
    Chunk chunk(table.schema.columns, true);
    const size_t first = table.schema.columns.size();
    VectorWriter id = chunk.Writer(0), name = chunk.Writer(1), operation = chunk.Writer(first),
                 high = chunk.Writer(first + 1), low = chunk.Writer(first + 2);
    for (size_t i = 0; i < count; ++i) {
      const TestRow& row = rows[begin + i];
      row.id ? id.SetInt64(i, *row.id) : id.SetNull(i);
      row.operation == RowOperation::kDelete ? name.SetNull(i) : name.SetBytes(i, row.name);
      for (size_t c = 2; c < first; ++c) chunk.Writer(c).SetNull(i);
      operation.SetUint8(i, static_cast<uint8_t>(row.operation));
      const auto sequence = values::SequenceNumber::Parse(row.sequence);
      sequence ? high.SetUint128(i, sequence->high()) : high.SetNull(i);
      sequence ? low.SetUint128(i, sequence->low()) : low.SetNull(i);
    }
    chunk.SetRowCount(count);
    batch.chunks.push_back(std::move(chunk));
  }
  batch.bytes = static_cast<int64_t>(rows.size()) * 32;
  return batch;
}

absl::Status TableDriver::Append(const std::vector<TestRow>& rows) {
  return AppendBatchAndWait(MakeBatch(rows));
}

absl::Status TableDriver::AppendBatchAndWait(AppendBatch batch) {
  absl::Status status;
  absl::Notification done;
  database_->Append(std::move(batch), [&](absl::Status result) {
    status = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  return status;
}

std::string TableDriver::Rows() {
  auto session = Check(database_->BeginRead());
  const catalog::Table table = Check(session->FindTable(id_));
  auto result =
      Check(session->Execute(absl::StrCat("SELECT id, name FROM ", Check(session->RelationSql(table)))));
  std::vector<std::pair<std::optional<int64_t>, std::string>> rows;
  while (auto chunk = Check(result->Next())) {
    for (size_t i = 0; i < chunk->row_count(); ++i) {
      rows.emplace_back();
      if (!chunk->Reader(0).IsNull(i)) rows.back().first = chunk->Reader(0).Int64(i);
      rows.back().second = chunk->Reader(1).IsNull(i) ? "NULL" : std::string(chunk->Reader(1).Bytes(i));
    }
  }
  std::sort(rows.begin(), rows.end());
  return absl::StrJoin(rows, " ", [](std::string* out, const auto& row) {
    absl::StrAppend(out, row.first ? absl::StrCat(*row.first) : "NULL", "=", row.second);
  });
}

void TableDriver::Apply() { Check(database_->Apply(id_)); }

int64_t TableDriver::Watermark() {
  const auto watermark = Check(database_->Watermark(id_));
  return watermark ? absl::ToUnixMicros(*watermark) : -1;
}

}  // namespace bqcdc::emulator::engine::testing
