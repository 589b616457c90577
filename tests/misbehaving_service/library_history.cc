#include "tests/misbehaving_service/library_history.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/writer/writer.h"
#include "bqcdc/writer/writer_opener.h"
#include "tests/misbehaving_service/history_world.h"
#include "tests/misbehaving_service/traffic_checks.h"

namespace bqcdc::misbehaving {
namespace {

using oracle::Operation;

// Of the machine: an answer that is not there by then does not come.
constexpr std::chrono::seconds kAnswerPatience{30};

std::string TableNameOf(std::size_t table) { return absl::StrCat("p.d.t", table); }

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) { history_.seed = seed; }

  LibraryHistory Make() {
    history_.serial = Percent(15);
    history_.sets_aside = history_.serial || Percent(50);
    history_.threads = history_.serial ? 1 : static_cast<int>(Between(1, 3));
    history_.thread_per_table = history_.serial || Percent(50);
    history_.batch_rows = Between(1, 5);
    history_.requests_in_flight = history_.serial ? 1 : static_cast<int>(Between(1, 8));
    history_.connections = history_.serial ? 1 : static_cast<int>(Between(1, 4));
    if (Percent(40)) history_.flush_interval = Percent(50) ? absl::Milliseconds(5) : absl::Hours(1);
    if (Percent(15)) history_.target_latency = absl::Milliseconds(Between(1, 500));
    std::int64_t lines = 0;
    bool own_numbers = false;
    const std::int64_t tables = history_.serial ? 1 : Between(1, 3);
    for (std::int64_t i = 0; i < tables; ++i) {
      ChangeHabits habits;
      habits.own_numbers = !history_.serial && Percent(40);
      habits.numbers_in_lines = false;
      habits.key_columns = ChangeHabits::DrawKeyColumns(random_);
      habits.DrawPercents(random_);
      LibraryTable& table = history_.tables.emplace_back();
      table.own_numbers = habits.own_numbers;
      table.key_columns = habits.key_columns;
      table.input = ChangeMaker(random_, habits).MakeMany(Between(20, 120) / tables);
      own_numbers = own_numbers || habits.own_numbers;
      lines += static_cast<std::int64_t>(table.input.size());
    }
    if (Percent(40)) {
      history_.interruption = Percent(60) ? Interruption::kCancel : Interruption::kClose;
      history_.interrupted_after = Between(1, lines / 2);
    }
    if (Percent(30)) history_.evolves_after = static_cast<int>(Between(1, 10));
    history_.repeats = Percent(15);
    if (Percent(50)) history_.repeat_after = absl::Hours(50);
    ScriptLimits limits;
    limits.requests_max = std::max<std::int64_t>(4, lines / history_.batch_rows);
    limits.late_appends = !own_numbers;  // Among equal numbers a late one wins; no writer can help that.
    history_.script = MakeScript(random_(), limits);
    return std::move(history_);
  }

 private:
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool Percent(int percent) { return Between(1, 100) <= percent; }

  std::mt19937_64 random_;
  LibraryHistory history_;
};

std::vector<HistoryWorld::Table> TablesOf(const LibraryHistory& history) {
  std::vector<HistoryWorld::Table> tables;
  for (std::size_t i = 0; i < history.tables.size(); ++i)
    tables.push_back({TableNameOf(i), history.tables[i].key_columns});
  return tables;
}

RowNumbers NumbersOf(const LibraryHistory& history, const LibraryTable& table) {
  if (history.serial) return RowNumbers::kOfRow;
  return table.own_numbers ? RowNumbers::kOwn : RowNumbers::kOfLine;
}

bool HaltedByNow(const Journal& journal) {
  return std::any_of(journal.struck.begin(), journal.struck.end(),
                     [](const auto& struck) { return Halts(struck.first); });
}

// Of each table, lines from 1 that were answered well.
using AnsweredLines = std::vector<std::set<std::int64_t>>;

// The life of one writer: threads that append lines of the tables' inputs in their order, until all are
// taken or it has ended.
class Pass {
 public:
  struct Plan {
    std::vector<std::vector<std::int64_t>> lines;  // of each table, in the order of appending
    std::vector<std::uint64_t> epochs;             // of the earlier writer; empty = there was none
    Interruption interruption = Interruption::kNone;
  };

  Pass(const LibraryHistory& history, HistoryWorld& world, const std::vector<InputLines>& lines, Plan plan,
       LibraryFindings& findings)
      : history_(history),
        world_(world),
        lines_(lines),
        plan_(std::move(plan)),
        findings_(findings),
        tables_(history.tables.size()) {}

  // Returns how the writer has ended; Cancelled where it was told to.
  absl::Status Live() {
    const absl::Status opened = Open();
    if (!opened.ok()) return opened;
    std::vector<std::thread> threads;
    for (int i = 0; i < history_.threads; ++i) threads.emplace_back([this, i] { AppendShare(i); });
    for (std::thread& thread : threads) thread.join();
    const absl::Status end = interrupted() ? interruption_end() : Close();
    AwaitAnswers(end);
    if (end.ok()) CheckGoodEnd();
    CheckSettled();
    CheckSetAside(end.ok());
    return end;
  }

  bool interrupted() const {
    absl::MutexLock lock(&mutex_);
    return interrupted_;
  }
  std::vector<std::uint64_t> epochs() const {
    std::vector<std::uint64_t> epochs;
    if (!history_.serial) {
      for (const TableState& table : tables_)
        epochs.push_back(table.writer == nullptr ? 0 : table.writer->epoch());
    }
    return epochs;
  }
  // What the next writer has to append: all that is not known to be settled, in the order of the input.
  std::vector<std::vector<std::int64_t>> LinesLeft() const {
    std::vector<std::vector<std::int64_t>> left;
    absl::MutexLock lock(&mutex_);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const TableState& table = tables_[i];
      // Of several threads' appends nobody knows which ones the settled prefix is made of.
      const std::size_t settled = OrderIsKnown() ? table.writer->settled() : 0;
      const std::set<std::int64_t> done(table.taken.begin(),
                                        table.taken.begin() + static_cast<std::ptrdiff_t>(settled));
      std::vector<std::int64_t>& lines = left.emplace_back();
      for (const std::int64_t line : plan_.lines[i]) {
        if (!done.contains(line)) lines.push_back(line);
      }
    }
    return left;
  }

 private:
  struct Waiting {
    std::int64_t line = 0;
    std::future<absl::Status> answer;
  };
  struct SetAside {
    std::uint64_t append = 0;
    std::string number;  // NumberName()
    std::string message;
  };
  struct TableState {
    TableWriter* writer = nullptr;  // null where it is written serially
    ColumnHandle id, value, note, region, day;
    std::vector<std::int64_t> taken;  // lines, in the order of appending where one thread does it
    std::vector<Waiting> waiting;
    std::vector<SetAside> set_aside;
  };
  enum class Outcome { kTaken, kNoRow, kEnded };
  // How one append is done.
  enum class Way { kAppend, kDeadline, kTry, kJson, kJsonDeadline, kAsync, kAsyncDeadline };
  static constexpr int kWayCount = 7;

  void Problem(std::string text) {
    absl::MutexLock lock(&mutex_);
    findings_.problems.push_back(std::move(text));
  }
  bool OrderIsKnown() const { return history_.thread_per_table && !history_.serial; }
  const InputChange& ChangeOf(std::size_t table, std::int64_t line) const {
    return history_.tables[table].input[static_cast<std::size_t>(line - 1)];
  }

  absl::Status Open() {
    WriterParts parts;
    parts.client = &world_.client();
    parts.channels = [this] { return world_.service().MakeChannel(); };
    parts.clock = &world_.clock();
    parts.scaling.period = absl::Milliseconds(20);
    parts.parse_table = [](std::string_view text) { return rest::ParseTableName(text, "p"); };
    WriterOptions options;
    options.batch_rows = history_.batch_rows;
    options.requests_in_flight_max = history_.requests_in_flight;
    options.connections_max = history_.connections;
    options.flush_interval = history_.flush_interval;
    options.target_latency = history_.target_latency;
    options.retry_time_max = options.schema_time_max = absl::Hours(6);
    if (history_.sets_aside) {
      options.on_refused = [this](const RefusedRow& row) {
        TakeRefused(row);
        return absl::OkStatus();
      };
    }
    if (history_.serial) {
      auto opened = WriterOpener::OpenSerial(std::move(parts), std::move(options), TableNameOf(0));
      if (!opened.ok()) return opened.status();
      serial_ = *std::move(opened);
      return FindColumns(*serial_, tables_[0]);
    }
    auto opened = WriterOpener::Open(std::move(parts), std::move(options));
    if (!opened.ok()) return opened.status();
    writer_ = *std::move(opened);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      TableOptions table_options;
      const bool own_numbers = history_.tables[i].own_numbers;
      if (own_numbers) table_options.numbering = TableOptions::Numbering::kSource;
      if (!plan_.epochs.empty() && !own_numbers) table_options.resume_epoch = plan_.epochs[i];
      auto table = writer_->OpenTable(TableNameOf(i), table_options);
      if (!table.ok()) return table.status();
      tables_[i].writer = *table;
      if (table_options.resume_epoch != 0 && (*table)->epoch() != table_options.resume_epoch)
        Problem("the epoch is not the one to be resumed");
      const absl::Status found = FindColumns(**table, tables_[i]);
      if (!found.ok()) return found;
    }
    return absl::OkStatus();
  }

  template <typename Table>
  static absl::Status FindColumns(const Table& table, TableState& state) {
    const std::pair<const char*, ColumnHandle*> columns[] = {{"ID", &state.id},
                                                             {"value", &state.value},
                                                             {"note", &state.note},
                                                             {"region", &state.region},
                                                             {"day", &state.day}};
    for (const auto& [name, handle] : columns) {
      const auto found = table.Column(name);
      if (!found.ok()) return found.status();
      *handle = *found;
    }
    return absl::OkStatus();
  }

  absl::Status Flush(absl::Time deadline) {
    return history_.serial ? serial_->Flush(deadline) : writer_->Flush(deadline);
  }
  absl::Status Close() { return history_.serial ? serial_->Close() : writer_->Close(); }
  absl::Status WriterStatus() const { return history_.serial ? serial_->status() : writer_->status(); }

  absl::Status interruption_end() const {
    absl::MutexLock lock(&mutex_);
    return interruption_end_;
  }

  // The lines that are a thread's, of all tables in turns.
  void AppendShare(int thread) {
    std::mt19937_64 random(history_.seed * 31 + static_cast<std::uint64_t>(thread));
    std::size_t longest = 0;
    for (const auto& lines : plan_.lines) longest = std::max(longest, lines.size());
    int appended = 0;
    for (std::size_t i = 0; i < longest; ++i) {
      for (std::size_t table = 0; table < tables_.size(); ++table) {
        if (i >= plan_.lines[table].size()) continue;
        const std::int64_t line = plan_.lines[table][i];
        if (ThreadOf(table, line) != thread) continue;
        if (AppendLine(table, line, random) == Outcome::kEnded) return CheckEnded();
        if (++appended % 8 == 0) CheckSettled();
        if (thread == 0 && appended == history_.evolves_after && !EvolveFirstTable()) return CheckEnded();
        if (random() % 25 == 0 && !FlushNow(random() % 2 == 0)) return CheckEnded();
      }
    }
  }

  int ThreadOf(std::size_t table, std::int64_t line) const {
    if (history_.thread_per_table) return static_cast<int>(table) % history_.threads;
    const InputChange& change = ChangeOf(table, line);
    const std::string key = change.row ? KeyName(change.row->key) : change.line;
    return static_cast<int>(absl::HashOf(table, key) % static_cast<std::size_t>(history_.threads));
  }

  // False where the writer has ended.
  bool EvolveFirstTable() {
    constexpr int kTriesMax = 20;  // REST may fail for a while.
    constexpr char kAdded[] = "added:STRING";
    absl::Status status;
    for (int i = 0; i < kTriesMax; ++i) {
      status = history_.serial ? serial_->EvolveSchema(kAdded) : tables_[0].writer->EvolveSchema(kAdded);
      if (!WriterStatus().ok()) return false;
      if (status.ok()) break;
      if (absl::IsFailedPrecondition(status) && HaltedByNow(world_.service().journal())) return true;
    }
    const auto added = history_.serial ? serial_->Column("added") : tables_[0].writer->Column("added");
    if (!status.ok() || !added.ok()) {
      Problem(
          absl::StrCat("the table was not changed: ", status.ToString(), ", ", added.status().ToString()));
    }
    Count(&LibraryFindings::evolved);
    return true;
  }

  // False where the writer has ended.
  bool FlushNow(bool patient) {
    const absl::Time deadline =
        patient ? absl::InfiniteFuture() : world_.clock().Now() + absl::Milliseconds(20);
    const absl::Status status = Flush(deadline);
    if (status.ok() || (!patient && absl::IsDeadlineExceeded(status))) return true;
    return !WriterEnded(status);
  }

  // Whether the status is the end's; anything else is a problem.
  bool WriterEnded(const absl::Status& status) {
    const absl::Status end = WriterStatus();
    if (!end.ok()) return true;
    Problem(absl::StrCat("a call failed while the writer works: ", status.ToString()));
    return false;
  }

  Outcome AppendLine(std::size_t table, std::int64_t line, std::mt19937_64& random) {
    const InputChange& change = ChangeOf(table, line);
    auto way = static_cast<Way>(random() % kWayCount);
    if (!change.row) {
      way = Way::kJson;
    } else if (!change.reason.empty() && !history_.sets_aside) {
      way = Way::kAsync;
    }
    const SequenceNumber sequence = SequenceOf(table, line);
    const bool in_order = random() % 2 == 0;
    const auto fill = [&](Row& row) { Fill(tables_[table], *change.row, in_order, row); };
    // Longer each time, else minutes of an outage would be many tries.
    for (absl::Duration patience = absl::Milliseconds(random() % 300);;
         patience = 2 * patience + absl::Milliseconds(1)) {
      const absl::Time soon = world_.clock().Now() + patience;
      absl::Status status;
      std::optional<std::future<absl::Status>> answer;
      switch (way) {
        case Way::kAppend:
          status = Append(table, *change.row, sequence, fill, absl::InfiniteFuture());
          break;
        case Way::kDeadline:
          status = Append(table, *change.row, sequence, fill, soon);
          break;
        case Way::kTry:
          if (history_.serial) {
            way = Way::kAppend;
            continue;
          }
          status = tables_[table].writer->TryAppend(TypeOf(*change.row), sequence, fill);
          break;
        case Way::kJson:
        case Way::kJsonDeadline: {
          const absl::Time deadline = way == Way::kJson ? absl::InfiniteFuture() : soon;
          status = history_.serial ? serial_->AppendJson(change.line, deadline)
                                   : tables_[table].writer->AppendJson(change.line, sequence, deadline);
          break;
        }
        case Way::kAsync:
        case Way::kAsyncDeadline:
          if (history_.serial) {
            way = Way::kDeadline;
            continue;
          }
          answer = tables_[table].writer->AppendAsync(TypeOf(*change.row), sequence, fill,
                                                      way == Way::kAsync ? absl::InfiniteFuture() : soon);
          status = NotTaken(*answer);
          break;
      }
      if (absl::IsDeadlineExceeded(status)) {
        Count(&LibraryFindings::too_late);
        continue;
      }
      if (absl::IsResourceExhausted(status) && way == Way::kTry) {
        Count(&LibraryFindings::no_room);
        tables_[table].writer->WhenRoom().wait();
        continue;
      }
      if (absl::IsInvalidArgument(status) && !change.row) return Outcome::kNoRow;
      if (!status.ok()) {
        if (!WriterEnded(status)) return Outcome::kNoRow;
        return Outcome::kEnded;
      }
      if (!change.row) {
        Problem(absl::StrCat("table ", TableNameOf(table), ": line ", line, " was taken for a row"));
        return Outcome::kNoRow;
      }
      NoteTaken(table, line, std::move(answer));
      return Outcome::kTaken;
    }
  }

  // The error of an append that was not taken; Ok where it was, whatever its answer.
  static absl::Status NotTaken(std::future<absl::Status>& answer) {
    if (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return absl::OkStatus();
    absl::Status status = answer.get();
    std::promise<absl::Status> again;
    again.set_value(status);
    answer = again.get_future();
    const bool taken = status.ok() || absl::IsInvalidArgument(status) || absl::IsUnknown(status);
    return taken ? absl::OkStatus() : status;
  }

  static ChangeType TypeOf(const oracle::Row& row) {
    return row.operation == Operation::kDelete ? ChangeType::kDelete : ChangeType::kUpsert;
  }

  absl::Status Append(std::size_t table, const oracle::Row& row, const SequenceNumber& sequence,
                      absl::FunctionRef<void(Row&)> fill, absl::Time deadline) {
    if (history_.serial) return serial_->Append(TypeOf(row), fill, deadline);
    return tables_[table].writer->Append(TypeOf(row), sequence, fill, deadline);
  }

  static void Fill(const TableState& table, const oracle::Row& change, bool in_order, Row& row) {
    const auto key = [&] {
      row.SetInt64(table.id, *change.key.id);
      if (change.key.region) row.SetText(table.region, *change.key.region);
      for (const oracle::Value& day : change.key.parts)
        row.SetDate(table.day, absl::CivilDay(1970, 1, 1) + std::stoll(day.text));
    };
    if (in_order) key();
    if (change.operation == Operation::kUpsert) row.SetInt64(table.value, change.value);
    if (change.note) row.SetText(table.note, *change.note);
    if (!in_order) key();
  }

  SequenceNumber SequenceOf(std::size_t table, std::int64_t line) const {
    if (history_.serial) return {};
    const InputChange& change = ChangeOf(table, line);
    if (change.row && change.row->sequence) return *SequenceNumber::Parse(*change.row->sequence);
    return {{tables_[table].writer->epoch(), static_cast<std::uint64_t>(line), 1, 0}};
  }
  // Tells the numbers of one table's rows from each other, whatever their epoch.
  std::string NumberName(std::size_t table, const SequenceNumber& sequence) const {
    return history_.tables[table].own_numbers ? sequence.ToString() : absl::StrCat(sequence.sections[1]);
  }

  void Count(std::int64_t LibraryFindings::*counter) {
    absl::MutexLock lock(&mutex_);
    ++(findings_.*counter);
  }

  void NoteTaken(std::size_t table, std::int64_t line, std::optional<std::future<absl::Status>> answer) {
    {
      absl::MutexLock lock(&mutex_);
      tables_[table].taken.push_back(line);
      if (answer.has_value()) {
        ++findings_.answered;
        tables_[table].waiting.push_back({line, *std::move(answer)});
      }
      if (plan_.interruption == Interruption::kNone || ++taken_ != history_.interrupted_after) return;
      interrupted_ = true;
    }
    absl::Status end = absl::CancelledError("told to");
    if (plan_.interruption == Interruption::kClose) {
      end = Close();
    } else if (history_.serial) {
      serial_->Cancel();
    } else {
      writer_->Cancel();
    }
    absl::MutexLock lock(&mutex_);
    interruption_end_ = end;
  }

  // A writer that has ended says so to every call.
  void CheckEnded() {
    if (Flush(absl::InfiniteFuture()).ok() && !interrupted())
      Problem("the writer has ended, and Flush() is told otherwise");
  }

  void TakeRefused(const RefusedRow& row) {
    absl::MutexLock lock(&mutex_);
    ++findings_.set_aside;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (TableNameOf(i) != row.table) continue;
      if (row.change_type != ChangeType::kUpsert) findings_.problems.push_back("a DELETE was refused");
      tables_[i].set_aside.push_back({row.append, NumberName(i, row.sequence), row.message});
      return;
    }
    findings_.problems.push_back(absl::StrCat("a row of table ", row.table, " was refused"));
  }

  void AwaitAnswers(const absl::Status& end) {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      for (Waiting& one : tables_[i].waiting) {
        const std::string which = absl::StrCat("table ", TableNameOf(i), ": the answer for line ", one.line);
        if (one.answer.wait_for(kAnswerPatience) != std::future_status::ready) {
          Problem(absl::StrCat(which, " does not come"));
          continue;
        }
        CheckAnswer(which, i, one.line, one.answer.get(), end);
      }
    }
  }

  void CheckAnswer(const std::string& which, std::size_t table, std::int64_t line, const absl::Status& status,
                   const absl::Status& end) {
    const bool unfit = !ChangeOf(table, line).reason.empty();
    if (status.ok()) {
      if (unfit || !Answered()[table].contains(line))
        Problem(absl::StrCat(which, " is Ok; it is not stored"));
    } else if (absl::IsInvalidArgument(status)) {
      Count(&LibraryFindings::answered_refused);
      if (!unfit) Problem(absl::StrCat(which, " is ", status.ToString()));
      CheckMessage(which, std::string(status.message()), line);
    } else {
      Count(&LibraryFindings::answered_unknown);
      if (end.ok() || !absl::IsUnknown(status)) Problem(absl::StrCat(which, " is ", status.ToString()));
    }
  }

  void CheckMessage(const std::string& which, const std::string& message, std::int64_t line) {
    if (absl::StrContains(message, " value of row ") &&
        !absl::StrContains(message, absl::StrCat(" value of row ", line, " ")))
      Problem(absl::StrCat(which, " says of another: ", message));
  }

  void CheckGoodEnd() {
    std::int64_t taken = 0, refused = 0;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const TableState& table = tables_[i];
      taken += static_cast<std::int64_t>(table.taken.size());
      refused += CountUnfit(i);
      if (table.writer == nullptr) continue;
      if (table.writer->appended() != table.taken.size() || table.writer->settled() != table.taken.size()) {
        Problem(absl::StrCat("table ", TableNameOf(i), ": ", table.taken.size(), " rows were taken, ",
                             table.writer->appended(), " are told to be, ", table.writer->settled(),
                             " to be settled"));
      }
    }
    const WriterStats stats = history_.serial ? serial_->stats() : writer_->stats();
    if (stats.upserts + stats.deletes + stats.refused != taken || stats.refused != refused) {
      Problem(absl::StrCat("the writer counts ", stats.upserts, " upserts, ", stats.deletes, " deletes, ",
                           stats.refused, " refused; ", taken, " were taken, ", refused, " of them unfit"));
    }
  }

  std::int64_t CountUnfit(std::size_t table) const {
    const auto& taken = tables_[table].taken;
    return std::count_if(taken.begin(), taken.end(),
                         [&](std::int64_t line) { return !ChangeOf(table, line).reason.empty(); });
  }

  AnsweredLines Answered() const {
    AnsweredLines answered(tables_.size());
    const Journal journal = world_.service().journal();
    for (const Journal::Arrival& arrival : journal.arrivals) {
      if (!journal.requests[static_cast<std::size_t>(arrival.request)].answered_ok) continue;
      for (std::size_t i = 0; i < tables_.size(); ++i) {
        if (arrival.table == TableNameOf(i)) answered[i].insert(lines_[i].LineOf(arrival.row));
      }
    }
    return answered;
  }

  // What is told to be settled was answered, or set aside.
  void CheckSettled() {
    if (!OrderIsKnown()) return;
    std::vector<std::size_t> settled;  // Read first: the journal has what makes them so.
    for (const TableState& table : tables_) settled.push_back(table.writer->settled());
    const AnsweredLines answered = Answered();
    absl::MutexLock lock(&mutex_);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const std::vector<std::int64_t>& taken = tables_[i].taken;
      // The last one may be settled before its thread could note it.
      for (std::size_t k = 0; k < std::min(settled[i], taken.size()); ++k) {
        if (ChangeOf(i, taken[k]).reason.empty() && !answered[i].contains(taken[k])) {
          findings_.problems.push_back(absl::StrCat("table ", TableNameOf(i), ": ", settled[i],
                                                    " rows are told to be settled, line ", taken[k],
                                                    " among them is not"));
        }
      }
    }
  }

  // Each unfit row once, and no other.
  void CheckSetAside(bool complete) {
    if (!history_.sets_aside) return;
    absl::MutexLock lock(&mutex_);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const TableState& table = tables_[i];
      std::multiset<std::string> expected, got;
      for (std::size_t k = 0; k < table.taken.size(); ++k) {
        if (!ChangeOf(i, table.taken[k]).reason.empty()) expected.insert(NumberOfLine(i, table.taken[k]));
      }
      for (const SetAside& row : table.set_aside) {
        got.insert(row.number);
        CheckRefusedRow(i, row);
      }
      const bool right = complete ? got == expected
                                  : std::includes(expected.begin(), expected.end(), got.begin(), got.end());
      if (!right) {
        findings_.problems.push_back(absl::StrCat("table ", TableNameOf(i), ": set aside were the numbers ",
                                                  absl::StrJoin(got, " "), ", to be set aside were ",
                                                  absl::StrJoin(expected, " ")));
      }
    }
  }

  std::string NumberOfLine(std::size_t table, std::int64_t line) const {
    if (!history_.serial) return NumberName(table, SequenceOf(table, line));
    const auto& input = history_.tables[table].input;
    return absl::StrCat(std::count_if(input.begin(), input.begin() + line,
                                      [](const InputChange& change) { return change.row.has_value(); }));
  }

  void CheckRefusedRow(std::size_t table, const SetAside& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!history_.thread_per_table) return;
    const std::vector<std::int64_t>& taken = tables_[table].taken;
    if (row.append < 1 || row.append > taken.size()) {
      findings_.problems.push_back(absl::StrCat("append ", row.append, " was set aside of ", taken.size()));
      return;
    }
    const std::int64_t line = taken[row.append - 1];
    if (NumberOfLine(table, line) != row.number)
      findings_.problems.push_back(
          absl::StrCat("append ", row.append, " was set aside with another's number"));
    if (absl::StrContains(row.message, " value of row ") &&
        !absl::StrContains(row.message, absl::StrCat(" value of row ", line, " ")))
      findings_.problems.push_back(absl::StrCat("line ", line, " was set aside for another: ", row.message));
  }

  const LibraryHistory& history_;
  HistoryWorld& world_;
  const std::vector<InputLines>& lines_;
  const Plan plan_;
  LibraryFindings& findings_;  // while threads run, under the lock
  mutable absl::Mutex mutex_;
  std::vector<TableState> tables_;  // their lists, while threads run, under the lock
  std::int64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status interruption_end_ ABSL_GUARDED_BY(mutex_);
  // Last: whatever they call is there until they are gone.
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<SerialWriter> serial_;
};

class Run {
 public:
  Run(const LibraryHistory& history, const LibraryRunOptions& options)
      : history_(history),
        world_(history.script, TablesOf(history), {options.mutant, options.clock_patience},
               [&history] { return Print(history); }) {
    for (const LibraryTable& table : history_.tables)
      lines_.emplace_back(table.input, NumbersOf(history_, table));
  }

  LibraryFindings Live() {
    const absl::Time begin = world_.clock().Now();
    LivePasses();
    findings_.elapsed = world_.clock().Now() - begin;
    if (world_.stuck()) Problem("the run stands still");
    return std::move(findings_);
  }

 private:
  void Problem(std::string text) { findings_.problems.push_back(std::move(text)); }
  void AddProblems(std::vector<std::string> texts) {
    for (std::string& text : texts) Problem(std::move(text));
  }

  void LivePasses() {
    std::vector<std::vector<std::int64_t>> all;
    for (const LibraryTable& table : history_.tables) {
      std::vector<std::int64_t>& lines = all.emplace_back();
      for (std::size_t i = 1; i <= table.input.size(); ++i) lines.push_back(static_cast<std::int64_t>(i));
    }
    std::vector<std::uint64_t> epochs;
    std::optional<std::vector<std::vector<std::int64_t>>> left;
    {
      Pass first(history_, world_, lines_, {all, {}, history_.interruption}, findings_);
      const absl::Status end = first.Live();
      LookAtTraffic();
      if (!GoesOn(end, first.interrupted())) return;
      epochs = first.epochs();
      if (first.interrupted()) left = first.LinesLeft();
    }
    if (left.has_value()) {
      ++findings_.interrupted;
      for (const auto& lines : *left) findings_.appended_again += static_cast<std::int64_t>(lines.size());
      world_.Pass(absl::Seconds(1));
      // What the first one had sent may have met it after its end.
      if (HaltedByNow(world_.service().journal())) return;
      if (!GoOn({*left, epochs})) return;
    }
    CheckTables();
    CheckNothingLost();
    if (history_.repeats) Repeat(all, epochs);
  }

  // A writer that is not interrupted comes to a good end. False where the history is over.
  bool GoOn(Pass::Plan plan) {
    Pass pass(history_, world_, lines_, std::move(plan), findings_);
    return GoesOn(pass.Live(), false);
  }

  void Repeat(const std::vector<std::vector<std::int64_t>>& all, const std::vector<std::uint64_t>& epochs) {
    ++findings_.repeats;
    world_.Pass(history_.repeat_after);
    if (GoOn({all, epochs})) CheckTables();
  }

  bool GoesOn(const absl::Status& end, bool interrupted) {
    const Journal journal = world_.service().journal();
    std::vector<std::string> allowed;
    if (journal.struck.contains(FaultKind::kTableRecreated))
      allowed.push_back("was created again during the run");
    if (journal.struck.contains(FaultKind::kTableTaken))
      allowed.push_back("another run has taken over table p.d.t");
    if (!allowed.empty()) {
      findings_.halted = true;
      if (interrupted) return false;  // It may have ended before it could see that.
      if (end.ok()) Problem("the writer went on to its end, although it must not");
      for (const std::string& text : allowed) {
        if (absl::StrContains(end.message(), text)) return false;
      }
    }
    const bool good = end.ok() || (interrupted && absl::IsCancelled(end));
    if (!good) Problem(absl::StrCat("the writer fails: ", end.ToString()));
    return good;
  }

  // Of the first writer, before another sends the same rows.
  void LookAtTraffic() {
    const Journal journal = world_.service().journal();
    findings_.struck = journal.struck;
    findings_.requests = static_cast<std::int64_t>(journal.requests.size());
    findings_.calls = static_cast<std::int64_t>(journal.calls.size());
    findings_.late_appends = journal.late_appends;
    findings_.rows_resent = CountResentRows(journal);
    // As Writer makes its memory: what may be under way and what waits for it, and what each table fills.
    const std::int64_t batches = std::max<std::int64_t>(static_cast<std::int64_t>(history_.connections + 1) *
                                                            history_.requests_in_flight,
                                                        history_.connections + 2) +
                                 static_cast<std::int64_t>(history_.tables.size()) * history_.connections;
    AddProblems(CheckTraffic(journal, {.requests_in_flight = history_.requests_in_flight,
                                       .unsettled_rows = batches * history_.batch_rows}));
    AddProblems(CheckKeyOrder(
        journal, [this](const std::string& table, const std::string& row) { return LineOf(table, row); }));
    // Another connection's call that was being opened just then had been asked about before; its first window
    // may get through.
    if (journal.appends_after_recreation >
        static_cast<std::int64_t>(history_.connections - 1) * history_.requests_in_flight)
      Problem("rows went into the table that was created again");
  }

  std::int64_t LineOf(const std::string& table, const std::string& row) const {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (table == TableNameOf(i)) return lines_[i].LineOf(row);
    }
    return 0;
  }

  void CheckTables() {
    for (std::size_t i = 0; i < history_.tables.size(); ++i) {
      const LibraryTable& table = history_.tables[i];
      const oracle::View expected = ExpectedTable(table.input, table.key_columns.size());
      const oracle::View shown = world_.service().Show(TableNameOf(i));
      if (shown == expected) continue;
      Problem(absl::StrCat("table ", TableNameOf(i), " differs.\n    shown:   ", Describe(shown),
                           "\n    expected:", Describe(expected)));
    }
  }

  void CheckNothingLost() {
    const Journal journal = world_.service().journal();
    std::vector<std::set<std::int64_t>> came(lines_.size());
    for (const Journal::Arrival& arrival : journal.arrivals) {
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (arrival.table == TableNameOf(i)) came[i].insert(lines_[i].LineOf(arrival.row));
      }
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::vector<InputChange>& input = history_.tables[i].input;
      for (std::size_t k = 0; k < input.size(); ++k) {
        if (input[k].reason.empty() && !came[i].contains(static_cast<std::int64_t>(k + 1)))
          Problem(absl::StrCat("table ", TableNameOf(i), ": line ", k + 1, " never came"));
      }
    }
  }

  const LibraryHistory& history_;
  HistoryWorld world_;
  std::vector<InputLines> lines_;  // of each table
  LibraryFindings findings_;
};

}  // namespace

LibraryHistory MakeLibraryHistory(std::uint64_t seed) { return Maker(seed).Make(); }

std::string Print(const LibraryHistory& history) {
  const char* const interruptions[] = {"", ", cancelled after ", ", closed after "};
  std::string text = absl::StrCat(
      "history ", history.seed, history.serial ? ", serial" : "", ": ", history.threads, " threads",
      history.thread_per_table ? ", each table of one" : "",
      history.sets_aside ? ", refused rows are set aside" : "",
      interruptions[static_cast<int>(history.interruption)],
      history.interruption == Interruption::kNone ? "" : absl::StrCat(history.interrupted_after),
      history.evolves_after == 0 ? "" : absl::StrCat(", evolves after ", history.evolves_after),
      history.repeats ? absl::StrCat(", repeated after ", absl::FormatDuration(history.repeat_after)) : "",
      ", ", history.batch_rows, " rows a batch, ", history.requests_in_flight, " requests in flight, ",
      history.connections, " connections, flush interval ", absl::FormatDuration(history.flush_interval),
      ", target latency ", absl::FormatDuration(history.target_latency), "\n", Print(history.script));
  for (std::size_t i = 0; i < history.tables.size(); ++i) {
    const LibraryTable& table = history.tables[i];
    absl::StrAppend(&text, "  table ", TableNameOf(i), ", key (", absl::StrJoin(table.key_columns, ", "), ")",
                    table.own_numbers ? ", own numbers" : "", "\n");
    for (const InputChange& change : table.input) {
      absl::StrAppend(&text, "    ", change.line, change.row && change.row->sequence ? " " : "",
                      change.row ? change.row->sequence.value_or("") : "",
                      change.reason.empty() ? "" : "   ← ", change.reason, "\n");
    }
  }
  return text;
}

LibraryFindings RunLibraryHistory(const LibraryHistory& history, const LibraryRunOptions& options) {
  return Run(history, options).Live();
}

}  // namespace bqcdc::misbehaving
