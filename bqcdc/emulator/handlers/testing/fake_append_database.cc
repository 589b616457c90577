#include "bqcdc/emulator/handlers/testing/fake_append_database.h"

#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::emulator::handlers::testing {
namespace {

absl::Status Refused() { return absl::UnimplementedError("not part of this fake"); }

std::vector<schema::Column> Columns(const std::string& text) {
  return schema::ParseInlineSchema(text).value();
}

}  // namespace

void FakeAppendDatabase::set_automatic(bool automatic) {
  absl::MutexLock lock(&mutex_);
  automatic_ = automatic;
}

void FakeAppendDatabase::PutTable(const std::string& name, const std::string& columns,
                                  std::vector<std::string> primary_key) {
  absl::MutexLock lock(&mutex_);
  catalog::Table table;
  table.id = {"p", "d", name};
  table.uid = next_uid_++;
  table.schema.columns = Columns(columns);
  table.schema.primary_key = std::move(primary_key);
  names_[table.uid] = name;
  tables_[name] = std::move(table);
}

void FakeAppendDatabase::AddColumn(const std::string& name, const std::string& column) {
  absl::MutexLock lock(&mutex_);
  catalog::Table& table = tables_.at(name);
  table.schema.columns.push_back(Columns(column).at(0));
  table.columns_version = ++table.schema_version;
}

void FakeAppendDatabase::SetPrimaryKey(const std::string& name, std::vector<std::string> columns) {
  absl::MutexLock lock(&mutex_);
  catalog::Table& table = tables_.at(name);
  table.schema.primary_key = std::move(columns);
  ++table.schema_version;
}

void FakeAppendDatabase::SetDefault(const std::string& name, size_t column, const std::string& expression) {
  absl::MutexLock lock(&mutex_);
  catalog::Table& table = tables_.at(name);
  table.schema.columns.at(column).default_value_expression = expression;
  ++table.schema_version;
}

void FakeAppendDatabase::RemoveTable(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  tables_.erase(name);
}

bool FakeAppendDatabase::AwaitHeld(size_t count) {
  absl::MutexLock lock(&mutex_);
  const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return held_.size() >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10));
}

size_t FakeAppendDatabase::held() {
  absl::MutexLock lock(&mutex_);
  return held_.size();
}

void FakeAppendDatabase::Complete(size_t index, absl::Status status) {
  std::shared_ptr<Held> held;
  {
    absl::MutexLock lock(&mutex_);
    held = held_.at(index);
    if (held->done) return;
    held->done = true;
    if (status.ok()) Store(held->batch);
  }
  held->durable(std::move(status));
}

std::vector<int64_t> FakeAppendDatabase::Stored(const std::string& table) {
  absl::MutexLock lock(&mutex_);
  return stored_[table];
}

void FakeAppendDatabase::Store(const engine::AppendBatch& batch) {
  std::vector<int64_t>& rows = stored_[names_.at(batch.table_uid)];
  for (const engine::Chunk& chunk : batch.chunks) {
    const engine::VectorReader reader = chunk.Reader(0);
    for (size_t i = 0; i < chunk.row_count(); ++i) rows.push_back(reader.Int64(i));
  }
}

absl::StatusOr<catalog::Table> FakeAppendDatabase::GetTable(const catalog::TableId& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = tables_.find(id.table);
  if (id.project != "p" || id.dataset != "d" || found == tables_.end())
    return absl::NotFoundError("no such table");
  return found->second;
}

absl::StatusOr<catalog::Dataset> FakeAppendDatabase::GetDataset(const catalog::DatasetId& id) const {
  catalog::Dataset dataset;
  dataset.id = id;
  return dataset;
}

void FakeAppendDatabase::Append(engine::AppendBatch batch, std::function<void(absl::Status)> durable) {
  {
    absl::MutexLock lock(&mutex_);
    if (!automatic_) {
      held_.push_back(std::make_shared<Held>(Held{std::move(batch), std::move(durable), false}));
      return;
    }
    Store(batch);
  }
  durable(absl::OkStatus());
}

absl::Status FakeAppendDatabase::CreateDataset(catalog::Dataset) { return Refused(); }
absl::StatusOr<catalog::Dataset> FakeAppendDatabase::UpdateDataset(
    const catalog::DatasetId&, std::optional<std::string>,
    const std::function<absl::Status(catalog::Dataset&)>&) {
  return Refused();
}
absl::Status FakeAppendDatabase::DropDataset(const catalog::DatasetId&, bool, std::optional<std::string>) {
  return Refused();
}
absl::StatusOr<catalog::Table> FakeAppendDatabase::CreateTable(catalog::Table, bool) { return Refused(); }
absl::StatusOr<catalog::Table> FakeAppendDatabase::UpdateTable(
    const catalog::TableId&, std::optional<std::string>, const std::function<absl::Status(catalog::Table&)>&,
    engine::ColumnDrops) {
  return Refused();
}
absl::Status FakeAppendDatabase::DropTable(const catalog::TableId&, std::optional<std::string>) {
  return Refused();
}
absl::StatusOr<catalog::Table> FakeAppendDatabase::RenameTable(const catalog::TableId&, const std::string&) {
  return Refused();
}
absl::StatusOr<catalog::Table> FakeAppendDatabase::RenameColumns(const catalog::TableId&,
                                                                 std::optional<std::string>,
                                                                 const std::vector<ColumnRename>&) {
  return Refused();
}
// There are no created streams here, of any name.
absl::StatusOr<engine::WriteStream> FakeAppendDatabase::CreateWriteStream(const catalog::TableId&,
                                                                          engine::WriteStreamType) {
  return Refused();
}
absl::StatusOr<engine::WriteStream> FakeAppendDatabase::GetWriteStream(const catalog::TableId& id,
                                                                       const std::string&) const {
  const auto table = GetTable(id);
  return table.ok() ? engine::StreamRefused({engine::StreamFault::kNotFound}) : table.status();
}
absl::StatusOr<engine::WriteStream> FakeAppendDatabase::FinalizeWriteStream(const catalog::TableId& id,
                                                                            const std::string& stream) {
  return GetWriteStream(id, stream);
}
absl::StatusOr<engine::CommitOutcome> FakeAppendDatabase::CommitWriteStreams(
    const catalog::TableId&, const std::vector<std::string>&) {
  return Refused();
}
absl::Status FakeAppendDatabase::FlushWriteStream(const catalog::TableId& id, const std::string& stream,
                                                  int64_t) {
  return GetWriteStream(id, stream).status();
}
absl::StatusOr<int64_t> FakeAppendDatabase::InsertFromQuery(const catalog::TableId&, std::string_view) {
  return Refused();
}
absl::StatusOr<engine::RowChangeCounts> FakeAppendDatabase::ChangeRows(const catalog::TableId&,
                                                                       const RowStatement&,
                                                                       engine::Cancellation*) {
  return Refused();
}
absl::Status FakeAppendDatabase::RegisterFunctions(const std::vector<engine::ScalarFunction>&) {
  return Refused();
}
absl::StatusOr<std::unique_ptr<engine::ReadSession>> FakeAppendDatabase::BeginRead(engine::Cancellation*) {
  return Refused();
}
absl::StatusOr<std::optional<absl::Time>> FakeAppendDatabase::Watermark(const catalog::TableId&) const {
  return std::optional<absl::Time>();
}

}  // namespace bqcdc::emulator::handlers::testing
