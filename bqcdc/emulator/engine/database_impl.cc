#include "bqcdc/emulator/engine/database_impl.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_json.h"
#include "bqcdc/emulator/catalog/type_widening.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/insert_rows.h"
#include "bqcdc/emulator/engine/logical_size.h"
#include "bqcdc/emulator/engine/physical_tables.h"
#include "bqcdc/emulator/engine/recovery.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/stream_sql.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::emulator::engine {
namespace {

using catalog::CatalogState;
using catalog::Dataset;
using catalog::DatasetId;
using catalog::Table;
using catalog::TableId;

std::string DatasetName(const DatasetId& id) { return base::StrCat(id.project, ":", id.dataset); }

std::string DeleteEntitySql(std::string_view kind, const std::string& name) {
  return base::StrCat("DELETE FROM baseline.main.entity WHERE kind = '", kind,
                      "' AND name = ", QuoteLiteral(name), ";");
}

std::string PutEntitySql(std::string_view kind, const std::string& name, const std::string& json) {
  return base::StrCat(DeleteEntitySql(kind, name), "INSERT INTO baseline.main.entity VALUES ('", kind, "', ",
                      QuoteLiteral(name), ", ", QuoteLiteral(json), ");");
}

std::string PutTableSql(const Table& table) {
  return PutEntitySql("table", base::StrCat(table.uid), catalog::TableToJson(table));
}

std::string DropTableSql(int64_t uid) {
  return base::StrCat(DeleteEntitySql("table", base::StrCat(uid)),
                      "DELETE FROM baseline.main.apply_record WHERE uid = ", uid, ";", DropBaselineSql(uid));
}

// Columns may be added behind the others, at any depth, REQUIRED ones may become NULLABLE, and types may
// widen.
absl::Status CheckAltered(const std::vector<schema::Column>& before, const std::vector<schema::Column>& after,
                          const std::string& path) {
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string name = path + before[i].name;
    if (i >= after.size() || before[i].name != after[i].name) {
      return errors::Invalid(
          base::StrCat("Provided Schema does not match: field ", name, " is missing in new schema"));
    }
    if (before[i].type != after[i].type && !catalog::IsWidening(before[i], after[i])) {
      return errors::Invalid(base::StrCat("Provided Schema does not match: Field ", name,
                                          " has changed type from ", schema::SqlName(before[i].type), " to ",
                                          schema::SqlName(after[i].type)));
    }
    if (before[i].mode != after[i].mode &&
        !(before[i].required() && after[i].mode == schema::ColumnMode::kNullable)) {
      return errors::Invalid(base::StrCat("Provided Schema does not match: Field ", name,
                                          " has changed mode from ", schema::ModeName(before[i].mode), " to ",
                                          schema::ModeName(after[i].mode)));
    }
    BQCDC_RETURN_IF_ERROR(CheckAltered(before[i].fields, after[i].fields, name + "."));
  }
  for (size_t i = before.size(); i < after.size(); ++i) {
    if (after[i].required()) {
      return errors::Invalid(base::StrCat(
          "Provided Schema does not match: cannot add required fields to an existing schema (field: ", path,
          after[i].name, ")"));
    }
  }
  return absl::OkStatus();
}

// https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset: of a partitioned table the
// partitions expire, not the table, where the dataset says how long partitions are kept.
void TakeDefaultExpirations(const Dataset& dataset, int64_t now_ms, Table& table) {
  if (table.time_partitioning && dataset.default_partition_expiration_ms) {
    if (!table.time_partitioning->expiration_ms)
      table.time_partitioning->expiration_ms = dataset.default_partition_expiration_ms;
    return;
  }
  if (!table.expiration_time_ms && dataset.default_table_expiration_ms)
    table.expiration_time_ms =
        now_ms + std::min(*dataset.default_table_expiration_ms, std::numeric_limits<int64_t>::max() - now_ms);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseImpl>> DatabaseImpl::Open(const DatabaseOptions& options,
                                                                 const base::Clock* clock) {
  BQCDC_ASSIGN_OR_RETURN(auto store,
                         Store::Open(options.data_dir, options.memory_bytes_max, options.query_threads));
  auto core = std::make_unique<DatabaseCore>(options, clock, std::move(store));
  std::unique_ptr<DatabaseImpl> database(new DatabaseImpl(std::move(core)));
  BQCDC_RETURN_IF_ERROR(database->Start());
  return database;
}

DatabaseImpl::DatabaseImpl(std::unique_ptr<DatabaseCore> core)
    : core_(std::move(core)),
      pool_(core_->store.get()),
      expiry_(core_.get(),
              [this](const Table& table) {
                const absl::Status dropped = DropTable(table.id, table.etag);
                // Dropped by somebody else, or not to expire any more.
                return absl::IsNotFound(dropped) || absl::IsFailedPrecondition(dropped) ? absl::OkStatus()
                                                                                        : dropped;
              }),
      etag_seed_(std::random_device{}()) {
  const CdcOptions& cdc = core_->options.cdc;
  core_->rules.tombstone_retention_us = absl::ToInt64Microseconds(cdc.tombstone_retention);
  if (cdc::Mutated(cdc::Mutant::kTombstone24Hours)) {
    core_->rules.tombstone_retention_us = absl::ToInt64Microseconds(absl::Hours(24));
  }
  core_->rules.forget_sequences_after_us = absl::ToInt64Microseconds(cdc.forget_sequences_after);
  committer_ = std::make_unique<Committer>(core_.get(), [this] { applier_->Wake(); });
  applier_ = std::make_unique<Applier>(core_.get(), committer_.get(), &expiry_);
  streams_ = std::make_unique<WriteStreams>(core_.get(), committer_.get());
  row_changer_ = std::make_unique<RowChanger>(core_.get(), committer_.get(), applier_.get(), &pool_);
}

absl::Status DatabaseImpl::Start() {
  BQCDC_ASSIGN_OR_RETURN(auto connection, core_->store->Connect());
  BQCDC_RETURN_IF_ERROR(RegisterRowFlags(*connection));
  BQCDC_RETURN_IF_ERROR(RegisterLogicalSize(*connection));
  BQCDC_RETURN_IF_ERROR(Recover(*core_, *connection));
  {
    absl::MutexLock lock(&core_->baseline_mutex);
    core_->baseline_connection = std::move(connection);
    core_->baseline_connection->set_gives_way(true);
  }
  BQCDC_RETURN_IF_ERROR(committer_->Start());
  applier_->Start();
  return absl::OkStatus();
}

DatabaseImpl::~DatabaseImpl() {
  // The committer first drains its queue and may wake the applier, so the applier's thread ends first and its
  // object last.
  applier_->Stop();
  committer_.reset();
  applier_.reset();
}

std::string DatabaseImpl::NewEtag() {
  return absl::StrFormat("%08x%012x%04x", static_cast<uint32_t>(etag_seed_), core_->NowUs() & 0xFFFFFFFFFFFF,
                         ++etag_count_ & 0xFFFF);
}

absl::Status DatabaseImpl::Commit(const CatalogChange& change) {
  BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(*core_->baseline_connection));
  BQCDC_RETURN_IF_ERROR(core_->baseline_connection->Run(change.sql));
  auto catalog = std::make_shared<CatalogState>(*core_->Catalog());
  change.change(*catalog);
  absl::WriterMutexLock latch(&core_->publish_latch);
  BQCDC_RETURN_IF_ERROR(transaction.Commit());
  absl::MutexLock lock(&core_->mutex);
  core_->catalog = std::move(catalog);
  if (change.change_tables) change.change_tables();
  return absl::OkStatus();
}

absl::Status DatabaseImpl::CreateDataset(Dataset dataset) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  if (core_->Catalog()->FindDataset(dataset.id) != nullptr) {
    return errors::DatasetExists(dataset.id.project, dataset.id.dataset);
  }
  dataset.creation_time_ms = dataset.last_modified_ms = core_->NowUs() / 1000;
  dataset.etag = NewEtag();
  return Commit({PutEntitySql("dataset", DatasetName(dataset.id), catalog::DatasetToJson(dataset)),
                 [&](CatalogState& state) { state.PutDataset(dataset); },
                 {}});
}

absl::StatusOr<Dataset> DatabaseImpl::GetDataset(const DatasetId& id) const {
  const auto catalog = core_->Catalog();
  const Dataset* dataset = catalog->FindDataset(id);
  if (dataset == nullptr) return errors::DatasetNotFound(id.project, id.dataset);
  return *dataset;
}

absl::StatusOr<std::vector<Dataset>> DatabaseImpl::ListDatasets(std::string_view project) const {
  return core_->Catalog()->ListDatasets(project);
}

absl::StatusOr<Dataset> DatabaseImpl::UpdateDataset(const DatasetId& id, std::optional<std::string> if_match,
                                                    const std::function<absl::Status(Dataset&)>& change) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  BQCDC_ASSIGN_OR_RETURN(Dataset dataset, GetDataset(id));
  if (if_match && *if_match != dataset.etag) {
    return errors::ConditionNotMet(DatasetName(id));
  }
  BQCDC_RETURN_IF_ERROR(change(dataset));
  dataset.last_modified_ms = core_->NowUs() / 1000;
  dataset.etag = NewEtag();
  BQCDC_RETURN_IF_ERROR(Commit({PutEntitySql("dataset", DatasetName(id), catalog::DatasetToJson(dataset)),
                                [&](CatalogState& state) { state.PutDataset(dataset); },
                                {}}));
  return dataset;
}

absl::Status DatabaseImpl::DropDataset(const DatasetId& id, bool drop_tables,
                                       std::optional<std::string> if_match) {
  std::vector<int64_t> uids;
  {
    absl::MutexLock baseline(&core_->baseline_mutex);
    const auto catalog = core_->Catalog();
    const Dataset* dataset = catalog->FindDataset(id);
    if (dataset == nullptr) return errors::DatasetNotFound(id.project, id.dataset);
    if (if_match && *if_match != dataset->etag) return errors::ConditionNotMet(DatasetName(id));
    std::string sql = DeleteEntitySql("dataset", DatasetName(id));
    for (const Table& table : catalog->ListTables(id)) {
      uids.push_back(table.uid);
      sql += DropTableSql(table.uid);
    }
    if (!uids.empty() && !drop_tables) return errors::DatasetInUse(id.project, id.dataset);
    BQCDC_RETURN_IF_ERROR(Commit({sql,
                                  [&](CatalogState& state) {
                                    state.RemoveDataset(id);
                                    for (const int64_t uid : uids) state.RemoveTable(uid);
                                  },
                                  [&] { ForgetTables(uids); }}));
  }
  DropDelta(uids);
  return absl::OkStatus();
}

void DatabaseImpl::ForgetTables(const std::vector<int64_t>& uids) {
  for (const int64_t uid : uids) {
    const auto found = core_->tables.find(uid);
    if (found == core_->tables.end()) continue;
    core_->pending_rows -= static_cast<int64_t>(found->second->row_count_);
    core_->tables.erase(found);
    core_->streams.erase(uid);
  }
}

void DatabaseImpl::DropDelta(const std::vector<int64_t>& uids) {
  base::HitFailpoint(base::Failpoint::kDropBetweenFiles);
  for (const int64_t uid : uids) {
    // What stays behind is removed by the next start.
    committer_->Post([uid](Connection& delta) {
      delta.Run(DropDeltaSql(uid)).IgnoreError();
      RemoveStreamsOf(uid, delta).IgnoreError();
    });
  }
}

absl::StatusOr<Table> DatabaseImpl::CreateTable(Table table, bool replace) {
  if (!table.view) BQCDC_RETURN_IF_ERROR(schema::ValidateTableSchema(table.schema));
  std::vector<int64_t> replaced;
  {
    absl::MutexLock baseline(&core_->baseline_mutex);
    const auto catalog = core_->Catalog();
    const Dataset* dataset = catalog->FindDataset({table.id.project, table.id.dataset});
    if (dataset == nullptr) return errors::DatasetNotFound(table.id.project, table.id.dataset);
    TakeDefaultExpirations(*dataset, core_->NowUs() / 1000, table);
    if (const Table* existing = catalog->FindTable(table.id); existing != nullptr) {
      if (!replace && !catalog::IsExpired(*existing, core_->NowUs()))
        return errors::TableExists(table.id.ToString());
      replaced.push_back(existing->uid);
    }
    {
      absl::MutexLock lock(&core_->mutex);
      table.uid = core_->next_uid++;
    }
    table.schema_version = table.columns_version = 1;
    table.creation_time_ms = table.last_modified_ms = core_->NowUs() / 1000;
    table.etag = NewEtag();
    if (table.view) {
      BQCDC_RETURN_IF_ERROR(StoreView(table, replaced));
      if (table.expiration_time_ms) applier_->Wake();
      return table;
    }
    // The delta first: a kill in between leaves a delta table that nobody owns, and the next start removes
    // it.
    BQCDC_RETURN_IF_ERROR(
        committer_->Run([&](Connection& delta) { return delta.Run(CreateDeltaSql(table)); }));
    base::HitFailpoint(base::Failpoint::kCreateBetweenFiles);
    std::string sql;
    for (const int64_t uid : replaced) sql += DropTableSql(uid);
    base::StrAppend(&sql, CreateBaselineSql(table), CreateTombstonesSql(table), PutTableSql(table),
                    "INSERT INTO baseline.main.apply_record(uid, applied_ordinal, applied_us) VALUES (",
                    table.uid, ", 0, 0);UPDATE baseline.main.meta SET value = ", table.uid + 1,
                    " WHERE name = 'next_uid'");
    BQCDC_RETURN_IF_ERROR(Commit({sql,
                                  [&](CatalogState& state) {
                                    for (const int64_t uid : replaced) state.RemoveTable(uid);
                                    state.PutTable(table);
                                  },
                                  [&] {
                                    ForgetTables(replaced);
                                    core_->tables[table.uid] =
                                        std::make_shared<TableState>(table.uid, ApplyRecord{});
                                  }}));
  }
  DropDelta(replaced);
  if (table.expiration_time_ms) applier_->Wake();
  return table;
}

absl::Status DatabaseImpl::StoreView(const Table& view, const std::vector<int64_t>& replaced) {
  std::string sql;
  for (const int64_t uid : replaced) sql += DropTableSql(uid);
  base::StrAppend(&sql, PutTableSql(view), "UPDATE baseline.main.meta SET value = ", view.uid + 1,
                  " WHERE name = 'next_uid'");
  BQCDC_RETURN_IF_ERROR(Commit({sql,
                                [&](CatalogState& state) {
                                  for (const int64_t uid : replaced) state.RemoveTable(uid);
                                  state.PutTable(view);
                                },
                                [&] { ForgetTables(replaced); }}));
  DropDelta(replaced);
  return absl::OkStatus();
}

absl::Status DatabaseImpl::PutTable(const Table& table) {
  return Commit({PutTableSql(table),
                 [&](CatalogState& state) {
                   state.RemoveTable(table.uid);  // its name may be another one
                   state.PutTable(table);
                 },
                 {}});
}

absl::StatusOr<Table> DatabaseImpl::FindTable(const TableId& id) const {
  const auto catalog = core_->Catalog();
  if (catalog->FindDataset({id.project, id.dataset}) == nullptr)
    return errors::DatasetNotFound(id.project, id.dataset);
  const Table* table = catalog->FindTable(id);
  if (table == nullptr || catalog::IsExpired(*table, core_->NowUs()))
    return errors::TableNotFound(id.ToString());
  return *table;
}

absl::StatusOr<Table> DatabaseImpl::GetTable(const TableId& id) const { return FindTable(id); }

absl::StatusOr<std::vector<Table>> DatabaseImpl::ListTables(const DatasetId& id) const {
  std::vector<Table> tables = core_->Catalog()->ListTables(id);
  std::erase_if(tables,
                [now_us = core_->NowUs()](const Table& table) { return catalog::IsExpired(table, now_us); });
  return tables;
}

// The delta of `before` is empty by now; staged rows of created streams are taken along, into a table of the
// new version's name. The old one stays until the baseline knows of the new version: a start keeps the one
// that fits.
absl::Status DatabaseImpl::MakeDeltaAnew(Connection& delta, const Table& before, const Table& after,
                                         CopyStaged copy_staged) {
  BQCDC_ASSIGN_OR_RETURN(const auto staged, ReadStagedTables(delta));
  BQCDC_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(delta));
  BQCDC_RETURN_IF_ERROR(delta.Run(DropDeltaSql(before.uid) + CreateDeltaSql(after)));
  if (staged.contains(before.uid)) {
    BQCDC_RETURN_IF_ERROR(delta.Run(CreateStagedSql(after) + copy_staged(before, after)));
  }
  return transaction.Commit();
}

absl::Status DatabaseImpl::AlterColumns(const Table& before, Table& after, const std::string& baseline_sql,
                                        CopyStaged copy_staged) {
  ++after.schema_version;
  if (after.schema.columns != before.schema.columns) after.columns_version = after.schema_version;
  // The committing thread stands still meanwhile, so nothing comes in with the old columns.
  return committer_->Run([&](Connection& delta) -> absl::Status {
    core_->baseline_mutex.AssertHeld();
    if (!cdc::Mutated(cdc::Mutant::kAlterDropsPending)) {
      BQCDC_RETURN_IF_ERROR(applier_->ApplyLocked(before.uid));
    }
    BQCDC_RETURN_IF_ERROR(MakeDeltaAnew(delta, before, after, copy_staged));
    base::HitFailpoint(base::Failpoint::kAlterBetweenFiles);
    const absl::Status status =
        Commit({baseline_sql + PutTableSql(after), [&](CatalogState& state) { state.PutTable(after); }, {}});
    const Table& unused = status.ok() ? before : after;
    if (!status.ok()) {
      delta.Run(base::StrCat("BEGIN;", DropDeltaSql(before.uid), CreateDeltaSql(before), "COMMIT"))
          .IgnoreError();
    }
    delta.Run(DropStagedSql(unused.uid, unused.schema_version)).IgnoreError();
    return status;
  });
}

absl::StatusOr<Table> DatabaseImpl::UpdateTable(const TableId& id, std::optional<std::string> if_match,
                                                const std::function<absl::Status(Table&)>& change,
                                                ColumnDrops drops) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  BQCDC_ASSIGN_OR_RETURN(const Table before, FindTable(id));
  if (if_match && *if_match != before.etag) {
    return errors::ConditionNotMet(id.ToString());
  }
  Table after = before;
  BQCDC_RETURN_IF_ERROR(change(after));
  after.id = before.id;
  after.uid = before.uid;
  after.last_modified_ms = core_->NowUs() / 1000;
  after.etag = NewEtag();
  if (after.view.has_value() != before.view.has_value()) {
    return errors::Invalid(base::StrCat("Cannot turn ", id.ToString(), " from a table into a view or back"));
  }
  if (after.schema == before.schema || after.view) {
    BQCDC_RETURN_IF_ERROR(PutTable(after));
    applier_->Wake();  // max_staleness may have changed
    return after;
  }
  BQCDC_RETURN_IF_ERROR(schema::ValidateTableSchema(after.schema));
  std::vector<schema::Column> kept = before.schema.columns;
  if (drops == ColumnDrops::kAllowed) {
    std::erase_if(
        kept, [&](const schema::Column& column) { return after.schema.FindColumn(column.name) == nullptr; });
  }
  BQCDC_RETURN_IF_ERROR(CheckAltered(kept, after.schema.columns, ""));
  BQCDC_RETURN_IF_ERROR(AlterColumns(before, after, AlterBaselineSql(before, after), CopyStagedSql));
  return after;
}

absl::StatusOr<Table> DatabaseImpl::RenameTable(const TableId& id, const std::string& new_name) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  BQCDC_ASSIGN_OR_RETURN(Table table, FindTable(id));
  table.id.table = new_name;
  if (core_->Catalog()->FindTable(table.id) != nullptr) return errors::TableExists(table.id.ToString());
  table.last_modified_ms = core_->NowUs() / 1000;
  table.etag = NewEtag();
  BQCDC_RETURN_IF_ERROR(PutTable(table));
  return table;
}

absl::StatusOr<Table> DatabaseImpl::RenameColumns(const TableId& id, std::optional<std::string> if_match,
                                                  const std::vector<ColumnRename>& renames) {
  absl::MutexLock baseline(&core_->baseline_mutex);
  BQCDC_ASSIGN_OR_RETURN(const Table before, FindTable(id));
  if (if_match && *if_match != before.etag) {
    return errors::ConditionNotMet(id.ToString());
  }
  Table after = before;
  for (const ColumnRename& rename : renames) {
    const auto index = before.schema.FindColumnIndex(rename.column);
    if (!index)
      return errors::Invalid(base::StrCat("Table ", id.ToString(), " has no column ", rename.column));
    after.schema.columns[*index].name = rename.new_name;
  }
  after.last_modified_ms = core_->NowUs() / 1000;
  after.etag = NewEtag();
  BQCDC_RETURN_IF_ERROR(schema::ValidateTableSchema(after.schema));
  BQCDC_RETURN_IF_ERROR(
      AlterColumns(before, after, RenameBaselineColumnsSql(before, after), CopyRenamedStagedSql));
  return after;
}

absl::Status DatabaseImpl::DropTable(const TableId& id, std::optional<std::string> if_match) {
  int64_t uid;
  {
    absl::MutexLock baseline(&core_->baseline_mutex);
    // One that has expired, too: this is how it goes.
    const auto catalog = core_->Catalog();
    const Table* table = catalog->FindTable(id);
    if (table == nullptr) return FindTable(id).status();
    if (if_match && *if_match != table->etag) return errors::ConditionNotMet(id.ToString());
    uid = table->uid;
    BQCDC_RETURN_IF_ERROR(Commit({DropTableSql(uid), [&](CatalogState& state) { state.RemoveTable(uid); },
                                  [&] { ForgetTables({uid}); }}));
  }
  DropDelta({uid});
  return absl::OkStatus();
}

void DatabaseImpl::Append(AppendBatch batch, std::function<void(absl::Status)> durable) {
  committer_->Append(std::move(batch), std::move(durable));
}

absl::Status DatabaseImpl::RegisterFunctions(const std::vector<ScalarFunction>& functions) {
  absl::MutexLock lock(&functions_mutex_);
  if (functions_registered_) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(auto connection, pool_.Take());
  for (const ScalarFunction& function : functions) {
    BQCDC_RETURN_IF_ERROR(RegisterScalarFunction(connection->handle(), function));
  }
  pool_.GiveBack(std::move(connection));
  functions_registered_ = true;
  return absl::OkStatus();
}

absl::Status DatabaseImpl::Check() {
  BQCDC_ASSIGN_OR_RETURN(auto connection, pool_.Take());
  BQCDC_RETURN_IF_ERROR(connection->Run("SELECT 1"));
  pool_.GiveBack(std::move(connection));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ReadSession>> DatabaseImpl::BeginRead(Cancellation* cancellation) {
  return SnapshotSession::Begin(core_.get(), &pool_, cancellation);
}

absl::StatusOr<int64_t> DatabaseImpl::InsertFromQuery(const TableId& id, std::string_view duckdb_sql) {
  BQCDC_ASSIGN_OR_RETURN(auto session, SnapshotSession::Begin(core_.get(), &pool_, nullptr));
  BQCDC_ASSIGN_OR_RETURN(const Table table, session->FindTable(id));
  BQCDC_ASSIGN_OR_RETURN(AppendBatch batch, ReadInsertedRows(table, duckdb_sql, *session));
  session.reset();
  int64_t rows = 0;
  for (const Chunk& chunk : batch.chunks) rows += static_cast<int64_t>(chunk.row_count());
  absl::Status status;
  absl::Notification done;
  Append(std::move(batch), [&](absl::Status result) {
    status = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  BQCDC_RETURN_IF_ERROR(status);
  return rows;
}

absl::Status DatabaseImpl::Apply(std::optional<TableId> id) {
  if (!id) return applier_->ApplyAll();
  BQCDC_ASSIGN_OR_RETURN(const Table table, FindTable(*id));
  return applier_->Apply(table.uid);
}

absl::Status DatabaseImpl::WaitForBackground() {
  BQCDC_RETURN_IF_ERROR(expiry_.DropDue());
  if (core_->options.background_apply) BQCDC_RETURN_IF_ERROR(applier_->RunDueTicks());
  return committer_->Run([this](Connection& delta) {
    committer_->DeleteAllApplied(delta);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<absl::Time>> DatabaseImpl::Watermark(const TableId& id) const {
  BQCDC_ASSIGN_OR_RETURN(const Table table, FindTable(id));
  absl::MutexLock lock(&core_->mutex);
  const auto found = core_->tables.find(table.uid);
  if (found == core_->tables.end() || !found->second->record_.watermark_us) return std::nullopt;
  return absl::FromUnixMicros(*found->second->record_.watermark_us);
}

absl::StatusOr<bool> DatabaseImpl::IsActiveWithCdc(const TableId& id) const {
  BQCDC_ASSIGN_OR_RETURN(const Table table, FindTable(id));
  absl::MutexLock lock(&core_->mutex);
  return core_->IsActiveWithCdc(table.uid);
}

absl::StatusOr<Database::TableStats> DatabaseImpl::Stats(const TableId& id) {
  BQCDC_ASSIGN_OR_RETURN(auto session, SnapshotSession::Begin(core_.get(), &pool_, nullptr));
  BQCDC_ASSIGN_OR_RETURN(const Table table, session->FindTable(id));
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(auto result, session->Execute(base::StrCat("SELECT count(*) FROM ", relation)));
  BQCDC_ASSIGN_OR_RETURN(std::optional<Chunk> chunk, result->Next());
  TableStats stats;
  if (chunk && chunk->row_count() > 0) stats.row_count = chunk->Reader(0).Int64(0);
  const SnapshotSession::PendingCounts pending = session->Pending(table);
  stats.pending_changes = pending.rows;
  stats.pending_upserts = pending.upserts;
  return stats;
}

Database::CommitCounts DatabaseImpl::commit_counts() const {
  return {committer_->append_count(), committer_->commit_count()};
}

}  // namespace bqcdc::emulator::engine
