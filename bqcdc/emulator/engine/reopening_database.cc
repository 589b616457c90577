#include "bqcdc/emulator/engine/reopening_database.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/store_error.h"

namespace bqcdc::emulator::engine {
namespace {

// Between two tries to open a directory that does not open.
constexpr absl::Duration kOpenAgainAfter = absl::Milliseconds(200);

absl::Status Reopening(std::string_view why) {
  return base::Error(
      absl::StatusCode::kUnavailable,
      "The store has failed and is being opened anew, nothing that was acknowledged is lost; try again",
      why.empty() ? "" : ". It does not open: ", why);
}

absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace

// Keeps its store open.
class ReopeningDatabase::Session final : public ReadSession {
 public:
  Session(const ReopeningDatabase* owner, Lease lease, std::unique_ptr<ReadSession> session)
      : owner_(owner), lease_(std::move(lease)), session_(std::move(session)) {}

  absl::Time query_time() const override { return session_->query_time(); }
  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) override {
    return session_->FindTable(id);
  }
  absl::StatusOr<std::string> RelationSql(const catalog::Table& table, IngestColumn ingest) override {
    return Outcome(session_->RelationSql(table, ingest));
  }
  bool NeedsMerge(const catalog::Table& table) const override { return session_->NeedsMerge(table); }
  absl::StatusOr<std::string> PendingRelationSql(const catalog::Table& table) override {
    return Outcome(session_->PendingRelationSql(table));
  }
  absl::StatusOr<std::string> NumberedRelationSql(const catalog::Table& table, IngestColumn ingest) override {
    return Outcome(session_->NumberedRelationSql(table, ingest));
  }
  absl::StatusOr<std::unique_ptr<QueryResult>> Execute(std::string_view duckdb_sql) override {
    return Outcome(session_->Execute(duckdb_sql));
  }

 private:
  template <typename Result>
  Result Outcome(Result result) const {
    if (result.ok()) return result;
    return owner_->Outcome(*lease_, result.status());
  }

  const ReopeningDatabase* const owner_;
  const Lease lease_;
  const std::unique_ptr<ReadSession> session_;  // ends before the lease
};

ReopeningDatabase::Lease::~Lease() {
  if (owner_ == nullptr) return;
  absl::MutexLock lock(&owner_->mutex_);
  --owner_->leases_;
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options,
                                                         const base::Clock* clock) {
  return ReopeningDatabase::Open(options, clock);
}

absl::StatusOr<std::unique_ptr<Database>> ReopeningDatabase::Open(const DatabaseOptions& options,
                                                                  const base::Clock* clock) {
  BQCDC_ASSIGN_OR_RETURN(auto store, DatabaseImpl::Open(options, clock));
  return std::unique_ptr<Database>(new ReopeningDatabase(options, clock, std::move(store)));
}

ReopeningDatabase::ReopeningDatabase(const DatabaseOptions& options, const base::Clock* clock,
                                     std::unique_ptr<DatabaseImpl> store)
    : options_(options), clock_(clock), store_(std::move(store)) {
  thread_ = std::thread([this] { Loop(); });
}

ReopeningDatabase::~ReopeningDatabase() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
  std::unique_ptr<DatabaseImpl> last;
  {
    absl::MutexLock lock(&mutex_);
    last = std::move(store_);
  }
  // Answers what waits, which may look at everything here.
  last.reset();
}

void ReopeningDatabase::Loop() {
  for (;;) {
    std::unique_ptr<DatabaseImpl> failed;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ReopeningDatabase::MayClose));
      if (stopping_) return;
      failed = std::move(store_);
      const CommitCounts counts = failed->commit_counts();
      counts_.appends += counts.appends;
      counts_.commits += counts.commits;
    }
    // Answers what waits to be stored, with Unavailable.
    failed.reset();
    while (!OpenAnew()) {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kOpenAgainAfter)) return;
    }
  }
}

bool ReopeningDatabase::OpenAnew() {
  auto store = DatabaseImpl::Open(options_, clock_);
  absl::MutexLock lock(&mutex_);
  absl::Status status = store.status();
  if (status.ok() && !functions_.empty()) status = (*store)->RegisterFunctions(functions_);
  why_closed_ = status;
  if (!status.ok()) return false;
  store_ = *std::move(store);
  failed_ = false;
  return true;
}

absl::StatusOr<ReopeningDatabase::Lease> ReopeningDatabase::Take() const {
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(this, &ReopeningDatabase::IsReady), options_.reopening_wait))
    return Reopening(base::ToStd(why_closed_.message()));
  ++leases_;
  return Lease(this, store_.get());
}

absl::Status ReopeningDatabase::Outcome(DatabaseImpl& store, const absl::Status& status) const {
  if (!absl::IsInternal(status)) return status;
  const absl::Status why = store.Check();
  if (why.ok()) return status;
  bool first;
  {
    absl::MutexLock lock(&mutex_);
    first = !std::exchange(failed_, true);
  }
  if (first && options_.on_failure) options_.on_failure(why);
  return IsStoreError(status) ? Reopening("") : status;
}

template <typename Call>
auto ReopeningDatabase::Do(const Call& call) const -> decltype(call(std::declval<DatabaseImpl&>())) {
  BQCDC_ASSIGN_OR_RETURN(const Lease lease, Take());
  auto result = call(*lease);
  if (!result.ok()) return Outcome(*lease, StatusOf(result));
  return result;
}

absl::Status ReopeningDatabase::CreateDataset(catalog::Dataset dataset) {
  return Do([&](DatabaseImpl& store) { return store.CreateDataset(std::move(dataset)); });
}

absl::StatusOr<catalog::Dataset> ReopeningDatabase::GetDataset(const catalog::DatasetId& id) const {
  return Do([&](DatabaseImpl& store) { return store.GetDataset(id); });
}

absl::StatusOr<std::vector<catalog::Dataset>> ReopeningDatabase::ListDatasets(
    std::string_view project) const {
  return Do([&](DatabaseImpl& store) { return store.ListDatasets(project); });
}

absl::StatusOr<catalog::Dataset> ReopeningDatabase::UpdateDataset(
    const catalog::DatasetId& id, std::optional<std::string> if_match,
    const std::function<absl::Status(catalog::Dataset&)>& change) {
  return Do([&](DatabaseImpl& store) { return store.UpdateDataset(id, std::move(if_match), change); });
}

absl::Status ReopeningDatabase::DropDataset(const catalog::DatasetId& id, bool drop_tables,
                                            std::optional<std::string> if_match) {
  return Do([&](DatabaseImpl& store) { return store.DropDataset(id, drop_tables, std::move(if_match)); });
}

absl::StatusOr<catalog::Table> ReopeningDatabase::CreateTable(catalog::Table table, bool replace) {
  return Do([&](DatabaseImpl& store) { return store.CreateTable(std::move(table), replace); });
}

absl::StatusOr<catalog::Table> ReopeningDatabase::GetTable(const catalog::TableId& id) const {
  return Do([&](DatabaseImpl& store) { return store.GetTable(id); });
}

absl::StatusOr<std::vector<catalog::Table>> ReopeningDatabase::ListTables(
    const catalog::DatasetId& id) const {
  return Do([&](DatabaseImpl& store) { return store.ListTables(id); });
}

absl::StatusOr<catalog::Table> ReopeningDatabase::UpdateTable(
    const catalog::TableId& id, std::optional<std::string> if_match,
    const std::function<absl::Status(catalog::Table&)>& change, ColumnDrops drops) {
  return Do([&](DatabaseImpl& store) { return store.UpdateTable(id, std::move(if_match), change, drops); });
}

absl::Status ReopeningDatabase::DropTable(const catalog::TableId& id, std::optional<std::string> if_match) {
  return Do([&](DatabaseImpl& store) { return store.DropTable(id, std::move(if_match)); });
}

absl::StatusOr<catalog::Table> ReopeningDatabase::RenameTable(const catalog::TableId& id,
                                                              const std::string& new_name) {
  return Do([&](DatabaseImpl& store) { return store.RenameTable(id, new_name); });
}

absl::StatusOr<catalog::Table> ReopeningDatabase::RenameColumns(const catalog::TableId& id,
                                                                std::optional<std::string> if_match,
                                                                const std::vector<ColumnRename>& renames) {
  return Do([&](DatabaseImpl& store) { return store.RenameColumns(id, std::move(if_match), renames); });
}

absl::StatusOr<WriteStream> ReopeningDatabase::CreateWriteStream(const catalog::TableId& id,
                                                                 WriteStreamType type) {
  return Do([&](DatabaseImpl& store) { return store.CreateWriteStream(id, type); });
}

absl::StatusOr<WriteStream> ReopeningDatabase::GetWriteStream(const catalog::TableId& id,
                                                              const std::string& stream) const {
  return Do([&](DatabaseImpl& store) { return store.GetWriteStream(id, stream); });
}

absl::StatusOr<WriteStream> ReopeningDatabase::FinalizeWriteStream(const catalog::TableId& id,
                                                                   const std::string& stream) {
  return Do([&](DatabaseImpl& store) { return store.FinalizeWriteStream(id, stream); });
}

absl::StatusOr<CommitOutcome> ReopeningDatabase::CommitWriteStreams(const catalog::TableId& id,
                                                                    const std::vector<std::string>& streams) {
  return Do([&](DatabaseImpl& store) { return store.CommitWriteStreams(id, streams); });
}

absl::Status ReopeningDatabase::FlushWriteStream(const catalog::TableId& id, const std::string& stream,
                                                 int64_t offset) {
  return Do([&](DatabaseImpl& store) { return store.FlushWriteStream(id, stream, offset); });
}

absl::StatusOr<int64_t> ReopeningDatabase::InsertFromQuery(const catalog::TableId& id,
                                                           std::string_view duckdb_sql) {
  return Do([&](DatabaseImpl& store) { return store.InsertFromQuery(id, duckdb_sql); });
}

absl::StatusOr<RowChangeCounts> ReopeningDatabase::ChangeRows(const catalog::TableId& id,
                                                              const RowStatement& statement,
                                                              Cancellation* cancellation) {
  return Do([&](DatabaseImpl& store) { return store.ChangeRows(id, statement, cancellation); });
}

absl::Status ReopeningDatabase::Apply(std::optional<catalog::TableId> id) {
  return Do([&](DatabaseImpl& store) { return store.Apply(id); });
}

absl::Status ReopeningDatabase::WaitForBackground() {
  return Do([&](DatabaseImpl& store) { return store.WaitForBackground(); });
}

absl::StatusOr<std::optional<absl::Time>> ReopeningDatabase::Watermark(const catalog::TableId& id) const {
  return Do([&](DatabaseImpl& store) { return store.Watermark(id); });
}

absl::StatusOr<bool> ReopeningDatabase::IsActiveWithCdc(const catalog::TableId& id) const {
  return Do([&](DatabaseImpl& store) { return store.IsActiveWithCdc(id); });
}

std::vector<FinishedApply> ReopeningDatabase::FinishedApplies(std::string_view project) const {
  absl::MutexLock lock(&mutex_);
  return store_ == nullptr ? std::vector<FinishedApply>() : store_->FinishedApplies(project);
}

absl::StatusOr<Database::TableStats> ReopeningDatabase::Stats(const catalog::TableId& id) {
  return Do([&](DatabaseImpl& store) { return store.Stats(id); });
}

void ReopeningDatabase::Append(AppendBatch batch, std::function<void(absl::Status)> durable) {
  const auto lease = Take();
  if (!lease.ok()) return durable(lease.status());
  // The store answers everything before it is closed, so that it needs no lease until then.
  (*lease)->Append(std::move(batch),
                   [this, store = &**lease, durable = std::move(durable)](absl::Status status) {
                     durable(status.ok() ? std::move(status) : Outcome(*store, status));
                   });
}

absl::Status ReopeningDatabase::RegisterFunctions(const std::vector<ScalarFunction>& functions) {
  {
    absl::MutexLock lock(&mutex_);
    if (functions_.empty()) functions_ = functions;
  }
  return Do([&](DatabaseImpl& store) { return store.RegisterFunctions(functions); });
}

absl::StatusOr<std::unique_ptr<ReadSession>> ReopeningDatabase::BeginRead(Cancellation* cancellation) {
  BQCDC_ASSIGN_OR_RETURN(Lease lease, Take());
  auto session = lease->BeginRead(cancellation);
  if (!session.ok()) return Outcome(*lease, session.status());
  return std::make_unique<Session>(this, std::move(lease), *std::move(session));
}

Database::CommitCounts ReopeningDatabase::commit_counts() const {
  absl::MutexLock lock(&mutex_);
  CommitCounts counts = counts_;
  if (store_ != nullptr) {
    const CommitCounts since = store_->commit_counts();
    counts.appends += since.appends;
    counts.commits += since.commits;
  }
  return counts;
}

}  // namespace bqcdc::emulator::engine
