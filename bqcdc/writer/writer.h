#pragma once

// The writer as a library: changes of a C++ program into BigQuery tables. See examples/library for three
// programs.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bqcdc/encode/change_type.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc {

using ChangeType = encode::ChangeType;  // kUpsert: the whole row, what is not set is NULL; kDelete: the key
using SequenceNumber = values::SequenceNumber;  // epoch, position, ordinal, sub: compared from left to right

// A row that cannot be stored: the service refused it, or its table has lost a column that it carries.
struct RefusedRow {
  std::string table;         // "project.dataset.table"
  std::uint64_t append = 0;  // which Append of its table, from 1
  ChangeType change_type = ChangeType::kUpsert;
  SequenceNumber sequence;
  std::string message;  // mostly the service's own; may hold values of the row: it does not belong into a log
};

struct WriterOptions {
  // ---- Behaviour
  // Where: as the flags of the same name of the bqcdc program. All empty: BigQuery itself with Application
  // Default Credentials, or the local server named by BIGQUERY_EMULATOR_HOST.
  std::string project;           // of table names without one; bills REST requests
  std::string endpoint;          // REST
  std::string storage_endpoint;  // gRPC
  std::string credentials_file;
  std::string access_token_file;  // instead of credentials: read again where it has changed
  std::string quota_project;      // billed for what the credentials' own project is not to be
  std::string ca_file;            // PEM, instead of the system's certificate authorities
  // Takes a refused row and makes it durable: the row counts as settled when this returns Ok, and an error
  // ends the writer. Called on a thread of the writer's, one row at a time; must not call the writer. Not
  // set: the first refused row ends the writer.
  std::function<absl::Status(const RefusedRow& row)> on_refused;
  // Told what an operator may want to know (a connection that was opened again). Any thread.
  std::function<void(const std::string& text)> on_warning;
  std::string trace_id = "libbqcdc";

  // ---- Performance
  // A batch goes when it has this many bytes or rows, or when its first row has waited this long.
  std::size_t batch_bytes = 1024 * 1024;
  std::int64_t batch_rows = 50'000;
  absl::Duration flush_interval = absl::Milliseconds(100);
  // Make batches, and where that is not enough the window, so small that rows are acknowledged within this
  // time of their first row, where the service allows it. 0 = as large as the options say; else at least 1
  // ms.
  absl::Duration target_latency;
  // No request is larger. 16 KiB to 20 MiB; the service takes 10 MB of every project.
  std::size_t request_bytes_max = 9 * 1024 * 1024;
  // Connections, 1 to 100: more than one are used where they make it faster. Requests and bytes that may wait
  // for their answer on each.
  int connections_max = 4;
  int requests_in_flight_max = 16;
  std::size_t bytes_in_flight_max = 32 * 1024 * 1024;
  // Bound on rows that are not settled, all tables together, in bytes: Append waits while it is used up.
  std::size_t memory_bytes_max = 64 * 1024 * 1024;

  // ---- Patience
  // How long a lost connection, or a refusal that passes, is borne before the writer gives up.
  absl::Duration retry_time_max = absl::Minutes(10);
  // The same in attempts, the first one included: of a connection without any answer in between, of a request
  // that is refused. 0 = as many as there is time for, which with the pauses between them are some hundred in
  // ten minutes; 1 = nothing is sent again. Waits of the next kind do not count.
  int retry_attempts_max = 0;
  // Instead of both until the service knows the table and its columns: both are seen minutes after they were
  // made.
  absl::Duration schema_time_max = absl::Minutes(10);
};

// Counters since the writer was opened. Rows count once they are settled.
struct WriterStats {
  std::int64_t upserts = 0;
  std::int64_t deletes = 0;
  std::int64_t refused = 0;
  std::int64_t bytes = 0;     // of stored rows, on the wire
  std::int64_t requests = 0;  // repeats after a lost connection are not counted
  std::int64_t retries = 0;   // requests that went again because of an error that passes
  int connections = 0;        // open now
  // From the first sending of rows to their acknowledgement, refusals in between counted: of half of the
  // requests, and of 99 %, at most.
  absl::Duration acknowledge_p50, acknowledge_p99;
};

struct TableOptions {
  // Where sequence numbers come from. kEpoch: their first section is epoch(), which rises with each run, so
  // that of two runs the later wins. kSource: the source's own, the same whenever a change is sent. A table
  // keeps one way for ever.
  enum class Numbering { kEpoch, kSource };
  Numbering numbering = Numbering::kEpoch;
  // The epoch of an earlier run whose changes are sent again; 0 = a new one. Send again only what was first
  // sent within the last 40 hours, or all changes of the keys in question: the service forgets after two days
  // that a row was deleted, and an earlier change of it alone would bring it back.
  std::uint64_t resume_epoch = 0;
};

// A column of a table, found by its name once. Stays valid when the table's schema changes.
struct ColumnHandle {
  int index = -1;
};

// The row that an Append is filling. Values of another kind than the column's are errors, told by Append.
// Each Set of a REPEATED column adds an element. STRUCT and RANGE columns are set by AppendJson only.
class Row {
 public:
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  Row& SetBool(ColumnHandle column, bool value);
  Row& SetInt64(ColumnHandle column, std::int64_t value);  // INT64, NUMERIC, BIGNUMERIC
  Row& SetDouble(ColumnHandle column, double value);       // FLOAT64
  // STRING, JSON, GEOGRAPHY as they are; NUMERIC, BIGNUMERIC, INTERVAL, DATE, TIME, DATETIME and TIMESTAMP
  // from text.
  Row& SetText(ColumnHandle column, std::string_view value);
  Row& SetBytes(ColumnHandle column, std::string_view value);
  Row& SetDate(ColumnHandle column, absl::CivilDay value);
  Row& SetTimestamp(ColumnHandle column, absl::Time value);  // cut to microseconds
  Row& SetNull(ColumnHandle) { return *this; }               // the same as not setting it

 private:
  friend class TableWriter;
  class Impl;
  explicit Row(Impl& impl) : impl_(impl) {}
  Impl& impl_;
};

// Writes one table. Made by Writer::OpenTable and owned by the writer.
//
// Thread-safe. Appends of one thread keep their order; of two threads none is defined, and the sequence
// numbers decide.
class TableWriter {
 public:
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  const std::string& name() const;  // "project.dataset.table"
  // Of this run, the first section of sequence numbers (TableOptions::Numbering::kEpoch).
  std::uint64_t epoch() const;

  // Looks at the table, at most once in 10 s, where it is not known to have it. Errors: NotFound.
  absl::StatusOr<ColumnHandle> Column(std::string_view name) const;

  // Brings the table to these columns, where adding columns and fields of a STRUCT, relaxing REQUIRED and
  // widening types can; what is not named stays. `columns` are as those of `bqcdc stream --evolve-schema`:
  // "id:INT64,price:NUMERIC(10,2)", or the fields of a schema in BigQuery's JSON. Other calls go on
  // meanwhile. When it returns, rows may have the new columns; those are held until the service has come to
  // know them, for schema_time_max at most, and rows after them wait. Errors: InvalidArgument (the text),
  // FailedPrecondition with each difference that no such change can settle (nothing was changed), Aborted
  // (others keep changing the table: call it again), those of the service, the writer's own.
  absl::Status EvolveSchema(std::string_view columns);

  // Takes a change that `fill` writes, straight into the request that it will travel in. Waits while the
  // memory bound is used up, at most until `deadline`. Errors: InvalidArgument (a value, key or number that
  // does not fit; nothing was taken), DeadlineExceeded (nothing was taken), Cancelled after Cancel(), the
  // writer's own error when it has ended. An exception of `fill` leaves nothing taken and goes to the caller.
  // `fill` is called a second time for a row that does not fit the columns as they were and where they have
  // been changed since (looked at once in 10 s at most).
  absl::Status Append(ChangeType change_type, const SequenceNumber& sequence,
                      absl::FunctionRef<void(Row&)> fill, absl::Time deadline = absl::InfiniteFuture());
  // The same without waiting for room: ResourceExhausted where it would have to. (Where the service has said
  // that the table's columns have changed, and where a row does not fit them, the call reads them, which
  // takes a REST request.)
  absl::Status TryAppend(ChangeType change_type, const SequenceNumber& sequence,
                         absl::FunctionRef<void(Row&)> fill);
  // Ready as soon as a TryAppend() that was told ResourceExhausted is worth another try, or the writer has
  // ended. Room is all tables' and goes to whoever comes first, so that try may be told the same.
  std::future<void> WhenRoom();
  // The same as Append with an answer for this row: Ok when it is stored, InvalidArgument with RefusedRow's
  // message when it was refused, Unknown when the writer has ended before it was answered. Waits for room as
  // Append does, and its errors are the answer. For few rows: it allocates.
  std::future<absl::Status> AppendAsync(ChangeType change_type, const SequenceNumber& sequence,
                                        absl::FunctionRef<void(Row&)> fill,
                                        absl::Time deadline = absl::InfiniteFuture());
  // Takes a change as a JSON object keyed by column name, with _CHANGE_TYPE, in the forms that `bqcdc stream`
  // reads.
  absl::Status AppendJson(std::string_view object, const SequenceNumber& sequence,
                          absl::Time deadline = absl::InfiniteFuture());

  // Appends that were taken, and the end of the contiguous prefix of them that is settled: every one of them
  // is stored, or was taken by on_refused. What a source may be told to forget.
  std::uint64_t appended() const;
  std::uint64_t settled() const;

  ~TableWriter();

 private:
  friend class Writer;
  friend class Row;
  class Impl;
  explicit TableWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Connections to BigQuery that any number of tables share. Thread-safe.
class Writer {
 public:
  // Connects lazily. Errors: InvalidArgument (endpoints, limits), those of the credentials.
  static absl::StatusOr<std::unique_ptr<Writer>> Open(WriterOptions options);
  // Cancels what is not settled; call Close() before.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Reads the table's schema and claims the table (label bqcdc_epoch): of two writers the later takes it and
  // the earlier ends. The pointer lives as long as the writer. Errors: NotFound, FailedPrecondition (no
  // primary key, written by a later epoch), AlreadyExists (opened before), Aborted (another thread opens it
  // now).
  absl::StatusOr<TableWriter*> OpenTable(std::string_view table, TableOptions options = {});

  // Sends what has been taken and waits until it is settled. Errors: DeadlineExceeded; the writer's own.
  absl::Status Flush(absl::Time deadline = absl::InfiniteFuture());
  // Flush, and no Append is taken any more.
  absl::Status Close(absl::Time deadline = absl::InfiniteFuture());
  // Ends at once: waiting calls return Cancelled, and what is not settled has an unknown fate.
  void Cancel();

  // Ok while the writer works; then why it has ended.
  absl::Status status() const;
  WriterStats stats() const;

 private:
  friend class TableWriter;
  friend class SerialWriter;
  friend class WriterOpener;
  class Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes one table in the order of the calls, without numbers of the caller's: one connection, one request at
// a time. The order of calls is all that it has, so a program that is started again goes on with a new,
// higher epoch. Thread-safe; the order of two threads' calls is that in which they come to be taken.
class SerialWriter {
 public:
  static absl::StatusOr<std::unique_ptr<SerialWriter>> Open(WriterOptions options, std::string_view table);
  ~SerialWriter();
  SerialWriter(const SerialWriter&) = delete;
  SerialWriter& operator=(const SerialWriter&) = delete;

  // As those of TableWriter.
  absl::StatusOr<ColumnHandle> Column(std::string_view name) const;
  absl::Status EvolveSchema(std::string_view columns);
  absl::Status Append(ChangeType change_type, absl::FunctionRef<void(Row&)> fill,
                      absl::Time deadline = absl::InfiniteFuture());
  absl::Status AppendJson(std::string_view object, absl::Time deadline = absl::InfiniteFuture());
  // As those of Writer.
  absl::Status Flush(absl::Time deadline = absl::InfiniteFuture());
  absl::Status Close(absl::Time deadline = absl::InfiniteFuture());
  void Cancel();
  absl::Status status() const;
  WriterStats stats() const;

 private:
  friend class WriterOpener;
  class Impl;
  explicit SerialWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc
