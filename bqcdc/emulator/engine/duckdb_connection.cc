#include "bqcdc/emulator/engine/duckdb_connection.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/store_error.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr const char* kBegin = "BEGIN TRANSACTION";
constexpr const char* kCommit = "COMMIT";
constexpr const char* kRollback = "ROLLBACK";
// While DuckDB's pool has the last piece of a statement.
constexpr absl::Duration kFirstPause = absl::Microseconds(50), kLongestPause = absl::Microseconds(500);

constexpr std::string_view kFatalLabel = "FATAL Error: ";
constexpr std::string_view kOriginalError = "Original error: \"";

// DuckDB's text without the name of its error class, the excerpt of the statement, which is not the user's,
// and the stack of its mistakes. What it says once it has given itself up is the store's error, whoever
// asked.
std::string CleanMessage(std::string_view message) {
  for (const std::string_view rest : {"\n\nLINE ", "\n\nStack Trace:"})
    message = message.substr(0, message.find(rest));
  if (message.starts_with(kFatalLabel)) {
    message.remove_prefix(kFatalLabel.size());
    // What brought it about stands last, quoted once more by each who met it.
    if (const size_t original = message.rfind(kOriginalError); original != message.npos) {
      message.remove_prefix(original + kOriginalError.size());
      message = message.substr(0, message.find_last_not_of("\"\\") + 1);
    }
    return base::StrCat(kStoreErrorPrefix, "DuckDB has given up: ", message);
  }
  const size_t label = message.find(" Error: ");
  if (label != message.npos && message.find_first_of(":\n") == label + 6) message.remove_prefix(label + 8);
  return std::string(message);
}

absl::StatusCode CodeOf(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
    case DUCKDB_ERROR_EXECUTOR:
      return absl::StatusCode::kInvalidArgument;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    case DUCKDB_ERROR_INTERRUPT:
      return absl::StatusCode::kCancelled;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The same by the words that a text begins with: preparing a statement tells no more.
absl::StatusCode CodeOf(std::string_view message) {
  static constexpr std::pair<std::string_view, duckdb_error_type> kLabels[] = {
      {"Out of Range Error: ", DUCKDB_ERROR_OUT_OF_RANGE},
      {"Conversion Error: ", DUCKDB_ERROR_CONVERSION},
      {"Decimal Error: ", DUCKDB_ERROR_DECIMAL},
      {"Divide by Zero Error: ", DUCKDB_ERROR_DIVIDE_BY_ZERO},
      {"Invalid Input Error: ", DUCKDB_ERROR_INVALID_INPUT},
      {"Mismatch Type Error: ", DUCKDB_ERROR_MISMATCH_TYPE},
      {"Out of Memory Error: ", DUCKDB_ERROR_OUT_OF_MEMORY},
  };
  for (const auto& [label, type] : kLabels) {
    if (message.starts_with(label)) return CodeOf(type);
  }
  return absl::StatusCode::kInternal;
}

// Owns a result of DuckDB.
struct Result {
  duckdb_result value = {};
  Result() = default;
  Result(const Result&) = delete;
  ~Result() { duckdb_destroy_result(&value); }

  bool failed() {
    const char* text = duckdb_result_error(&value);
    return text != nullptr && *text != '\0';
  }
};

absl::Status MakeError(absl::StatusCode code, std::string_view text) {
  const bool given_up = text.starts_with(kFatalLabel);
  if (!given_up && (code == absl::StatusCode::kResourceExhausted || IsOutOfMemoryText(text)))
    return errors::QueryMemoryExceeded();
  return base::Error(code, CleanMessage(text));
}

absl::Status ResultError(duckdb_result* result) {
  const char* text = duckdb_result_error(result);
  return MakeError(CodeOf(duckdb_result_error_type(result)), text == nullptr ? "failed" : text);
}

absl::Status AsInternal(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status) || absl::IsResourceExhausted(status)) return status;
  if (IsStoreError(status)) return status;
  return base::Internal(kStoreErrorPrefix, base::ToStd(status.message()));
}

// Owns a prepared statement.
struct Prepared {
  duckdb_prepared_statement value = nullptr;
  Prepared() = default;
  Prepared(const Prepared&) = delete;
  ~Prepared() { duckdb_destroy_prepare(&value); }

  absl::Status Error() const { return AsInternal(QueryError()); }
  // Of a user's statement.
  absl::Status QueryError() const {
    const char* text = duckdb_prepare_error(value);
    if (text == nullptr) return base::Internal("cannot prepare");
    return MakeError(CodeOf(std::string_view(text)), text);
  }
};

// Owns a statement that has begun.
struct Pending {
  duckdb_pending_result value = nullptr;
  Pending() = default;
  Pending(const Pending&) = delete;
  ~Pending() { duckdb_destroy_pending(&value); }

  absl::Status Error() const {
    const char* text = duckdb_pending_error(value);
    if (text == nullptr) return base::Internal("cannot begin");
    return MakeError(CodeOf(std::string_view(text)), text);
  }
};

// Owns statements that stood in one text.
struct Extracted {
  duckdb_extracted_statements value = nullptr;
  Extracted() = default;
  Extracted(const Extracted&) = delete;
  ~Extracted() { duckdb_destroy_extracted(&value); }
};

// Rows that DuckDB has computed already.
class MaterializedResult final : public QueryResult {
 public:
  explicit MaterializedResult(std::unique_ptr<Result> result)
      : result_(std::move(result)), column_count_(duckdb_column_count(&result_->value)) {}

  size_t column_count() const override { return column_count_; }
  absl::StatusOr<std::optional<Chunk>> Next() override {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result_->value);
    if (chunk != nullptr) return Chunk::Adopt(chunk);
    if (result_->failed()) return ResultError(&result_->value);
    return std::nullopt;
  }

 private:
  std::unique_ptr<Result> result_;
  const size_t column_count_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(duckdb_database database) {
  duckdb_connection connection;
  if (duckdb_connect(database, &connection) == DuckDBError)
    return base::Internal(kStoreErrorPrefix, "cannot connect");
  return std::unique_ptr<Connection>(new Connection(connection));
}

Connection::~Connection() {
  for (auto& [sql, statement] : prepared_) duckdb_destroy_prepare(&statement);
  duckdb_disconnect(&connection_);
}

absl::Status Connection::CheckCancelled() const {
  return cancellation_ == nullptr ? absl::OkStatus() : cancellation_->status();
}

absl::Status Connection::ErrorOf(duckdb_result* result) const {
  absl::Status status = ResultError(result);
  if (cancellation_ == nullptr || !absl::IsCancelled(status)) return status;
  return cancellation_->status();
}

// Without the wrapping of AsInternal.
absl::Status Connection::Execute(duckdb_prepared_statement statement, Rows rows, duckdb_result* result) {
  Pending pending;
  const auto begin = rows == Rows::kStreamed ? duckdb_pending_prepared_streaming : duckdb_pending_prepared;
  if (begin(statement, &pending.value) == DuckDBError) return pending.Error();
  // DuckDB forgets interruptions when a statement begins, so one that came before is asked for now.
  BQCDC_RETURN_IF_ERROR(CheckCancelled());
  if (gives_way_) WorkAndGiveWay(pending.value);
  if (duckdb_execute_pending(pending.value, result) == DuckDBError) return ErrorOf(result);
  return absl::OkStatus();
}

// Until the statement has ended, well or badly.
void Connection::WorkAndGiveWay(duckdb_pending_result pending) {
  absl::Duration pause = kFirstPause;
  for (;;) {
    const duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (duckdb_pending_execution_is_finished(state)) return;
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      absl::SleepFor(pause);  // DuckDB tells nobody when it has more to do.
      pause = std::min(2 * pause, kLongestPause);
    } else {
      std::this_thread::yield();
      pause = kFirstPause;
    }
  }
}

// One after the other, so that each can be interrupted.
absl::Status Connection::RunEach(const std::string& sql) {
  Extracted statements;
  const idx_t count = duckdb_extract_statements(connection_, sql.c_str(), &statements.value);
  if (count == 0) {
    const char* text = duckdb_extract_statements_error(statements.value);
    return text == nullptr ? absl::OkStatus() : base::Internal(kStoreErrorPrefix, CleanMessage(text));
  }
  for (idx_t i = 0; i < count; ++i) {
    Prepared statement;
    if (duckdb_prepare_extracted_statement(connection_, statements.value, i, &statement.value) == DuckDBError)
      return statement.Error();
    Result result;
    BQCDC_RETURN_IF_ERROR(AsInternal(Execute(statement.value, Rows::kMaterialised, &result.value)));
  }
  return absl::OkStatus();
}

absl::Status Connection::Run(std::string_view sql) {
  BQCDC_RETURN_IF_ERROR(CheckCancelled());
  if (cancellation_ != nullptr || gives_way_) return RunEach(std::string(sql));
  Result result;
  if (duckdb_query(connection_, std::string(sql).c_str(), &result.value) == DuckDBError) {
    return AsInternal(ResultError(&result.value));
  }
  return absl::OkStatus();
}

absl::Status Connection::RunPrepared(const char* sql) {
  BQCDC_RETURN_IF_ERROR(CheckCancelled());
  auto found =
      std::find_if(prepared_.begin(), prepared_.end(), [&](const auto& entry) { return entry.first == sql; });
  if (found == prepared_.end()) {
    Prepared statement;
    if (duckdb_prepare(connection_, sql, &statement.value) == DuckDBError) return statement.Error();
    found = prepared_.emplace(prepared_.end(), sql, std::exchange(statement.value, nullptr));
  }
  Result result;
  return AsInternal(Execute(found->second, Rows::kMaterialised, &result.value));
}

absl::Status Connection::Read(std::string_view sql, const std::function<absl::Status(const Chunk&)>& each) {
  BQCDC_RETURN_IF_ERROR(CheckCancelled());
  Prepared statement;
  if (duckdb_prepare(connection_, std::string(sql).c_str(), &statement.value) == DuckDBError) {
    return statement.Error();
  }
  // Computed as it is read: a result that is complete first lies in memory outside of DuckDB's limit.
  Result result;
  BQCDC_RETURN_IF_ERROR(AsInternal(Execute(statement.value, Rows::kStreamed, &result.value)));
  while (duckdb_data_chunk handle = duckdb_fetch_chunk(result.value)) {
    const Chunk chunk = Chunk::Adopt(handle);
    BQCDC_RETURN_IF_ERROR(each(chunk));
  }
  return result.failed() ? AsInternal(ErrorOf(&result.value)) : absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> Connection::ReadInt64(std::string_view sql) {
  std::optional<int64_t> value;
  BQCDC_RETURN_IF_ERROR(Read(sql, [&](const Chunk& chunk) {
    if (!value && chunk.row_count() > 0 && !chunk.Reader(0).IsNull(0)) value = chunk.Reader(0).Int64(0);
    return absl::OkStatus();
  }));
  return value;
}

absl::StatusOr<std::unique_ptr<QueryResult>> Connection::Query(std::string_view sql) {
  BQCDC_RETURN_IF_ERROR(CheckCancelled());
  Prepared statement;
  if (duckdb_prepare(connection_, std::string(sql).c_str(), &statement.value) == DuckDBError)
    return statement.QueryError();
  auto result = std::make_unique<Result>();
  BQCDC_RETURN_IF_ERROR(Execute(statement.value, Rows::kMaterialised, &result->value));
  return std::make_unique<MaterializedResult>(std::move(result));
}

absl::StatusOr<Transaction> Transaction::Begin(Connection& connection) {
  BQCDC_RETURN_IF_ERROR(connection.RunPrepared(kBegin));
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ != nullptr) connection_->Run(kRollback).IgnoreError();
}

absl::Status Transaction::Commit() { return std::exchange(connection_, nullptr)->RunPrepared(kCommit); }

}  // namespace bqcdc::emulator::engine
