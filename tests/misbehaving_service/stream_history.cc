#include "tests/misbehaving_service/stream_history.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/pipeline/stream.h"
#include "tests/misbehaving_service/history_world.h"
#include "tests/misbehaving_service/traffic_checks.h"

namespace bqcdc::misbehaving {
namespace {

constexpr char kTable[] = "p.d.t";
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) { history_.seed = seed; }

  StreamHistory Make() {
    history_.own_numbers = Percent(40);
    history_.repeats = Percent(12);
    if (Percent(50)) history_.repeat_after = absl::Hours(50);
    history_.limits.batch_rows = Between(1, 5);
    history_.limits.requests_in_flight = static_cast<int>(Between(1, 8));
    history_.limits.batches = static_cast<std::size_t>(Between(2, 12));
    history_.limits.connections = static_cast<int>(Between(1, 4));
    history_.limits.encode_threads = static_cast<int>(Between(1, 3));
    ChangeHabits habits;
    habits.own_numbers = history_.own_numbers;
    habits.key_columns = history_.key_columns = ChangeHabits::DrawKeyColumns(random_);
    habits.DrawPercents(random_);
    const std::int64_t count = Between(30, 60);
    history_.input = ChangeMaker(random_, habits).MakeMany(count);
    // The epoch is claimed by the first row; without any nothing can be said.
    ScriptLimits limits;
    limits.requests_max = std::max<std::int64_t>(4, count / history_.limits.batch_rows);
    limits.late_appends =
        !history_.own_numbers;  // Among equal numbers a late one wins; no writer can help that.
    history_.script = MakeScript(random_(), limits);
    return std::move(history_);
  }

 private:
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool Percent(int percent) { return Between(1, 100) <= percent; }

  std::mt19937_64 random_;
  StreamHistory history_;
};

// A directory in memory where there is one: the dead letter's fsyncs are not what is tested here.
class Directory {
 public:
  Directory() {
    std::string pattern = access("/dev/shm", W_OK) == 0
                              ? std::string("/dev/shm/misbehaving-XXXXXX")
                              : (std::filesystem::temp_directory_path() / "misbehaving-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Run {
 public:
  Run(const StreamHistory& history, const RunOptions& options)
      : history_(history),
        options_(options),
        world_(history.script, {{kTable, history.key_columns}},
               {options.mutant, options.clock_patience, options.may_be_stuck},
               [&history] { return Print(history); }) {
    std::ofstream input(directory_.path() + "/input", std::ios::binary);
    for (const InputChange& change : history_.input) input << change.line << "\n";
  }

  StreamFindings Live() {
    const pipeline::StreamOutcome outcome = Stream(0);
    Look(outcome);
    if (history_.repeats && outcome.status.ok()) Repeat(outcome);
    return std::move(findings_);
  }

 private:
  void Problem(std::string text) { findings_.problems.push_back(std::move(text)); }
  void AddProblems(std::vector<std::string> texts) {
    for (std::string& text : texts) Problem(std::move(text));
  }

  pipeline::StreamOutcome Stream(std::uint64_t epoch) {
    pipeline::StreamOptions options;
    options.table = {"p", "d", "t"};
    options.dead_letter_path = directory_.path() + "/dead.jsonl";
    options.resume_epoch = epoch;
    options.replay_old = true;
    options.patience.retry_time_max = options_.retry_time_max;
    options.patience.retry_attempts_max = options_.retry_attempts_max;
    options.batch.batch_rows = history_.limits.batch_rows;
    options.requests_in_flight_max = history_.limits.requests_in_flight;
    options.memory.batches = history_.limits.batches;
    options.connections_max = history_.limits.connections;
    options.encode_threads = history_.limits.encode_threads;
    options.scaling_period = absl::Milliseconds(20);
    pipeline::StopSignal stop;
    pipeline::StreamSurroundings surroundings;
    std::optional<checkpoint::CheckpointFile> checkpoint;
    if (options_.checkpoint && epoch == 0) {
      auto opened = checkpoint::CheckpointFile::Open(CheckpointPath());
      if (!opened.ok()) std::abort();
      checkpoint.emplace(*std::move(opened));
      surroundings.checkpoint = &*checkpoint;
      surroundings.on_progress = [this](const auto&, const auto&) { CheckCheckpoint(); };
      options.checkpoint_interval = absl::Milliseconds(500);  // Each is a jump of the clock.
      options.input.checkpointed = true;
    }
    surroundings.client = &world_.client();
    surroundings.channels = [this] { return world_.service().MakeChannel(); };
    surroundings.clock = &world_.clock();
    surroundings.stop = &stop;
    auto reader = pipeline::LineReader::Open({directory_.path() + "/input"}, stop, options.input);
    if (!reader.ok()) std::abort();
    return pipeline::StreamChanges(options, std::move(surroundings), *std::move(reader));
  }

  // 39 hours later, as late as a run may be repeated: nothing changes. Nor does it after 50, when the service
  // has forgotten what was deleted and may have forgotten all numbers: for the whole input comes again, and
  // only a part of it may not.
  void Repeat(const pipeline::StreamOutcome& first) {
    const oracle::View before = world_.service().Show(kTable);
    const std::string dead_letters = DeadLetterBytes();
    world_.Pass(history_.repeat_after);
    const pipeline::StreamOutcome second = Stream(history_.own_numbers ? 0 : first.summary.epoch);
    ++findings_.repeats;
    if (history_.script.habits.forgets_numbers && history_.repeat_after > absl::Hours(48))
      ++findings_.repeats_forgotten;
    const Journal journal = world_.service().journal();
    for (const auto& [kind, count] : journal.struck) {
      if (Halts(kind)) return;
    }
    if (!second.status.ok())
      return Problem(absl::StrCat("the repeated run fails: ", second.status.ToString()));
    if (!history_.own_numbers && DeadLetterBytes() != dead_letters)
      Problem("the repeated run wrote dead letters again");
    if (history_.own_numbers && DeadLetterBytes() != dead_letters)
      Problem("the repeated run wrote dead letters again, own numbers");
    CheckState();
    if (!HasTies() && world_.service().Show(kTable) != before) Problem("the repeated run changed the table");
  }

  void Look(const pipeline::StreamOutcome& outcome) {
    const Journal journal = world_.service().journal();
    findings_.struck = journal.struck;
    findings_.status = outcome.status;
    findings_.requests = static_cast<std::int64_t>(journal.requests.size());
    findings_.calls = static_cast<std::int64_t>(journal.calls.size());
    findings_.late_appends = journal.late_appends;
    findings_.ties = outcome.summary.ties;
    findings_.elapsed = outcome.summary.elapsed;
    if (world_.stuck()) Problem("the run stands still");
    if (options_.checkpoint) CheckCheckpoint();
    CheckStatus(outcome, journal);
    CheckTraffic(journal);
    CheckDeadLetters();
    if (outcome.status.ok()) {
      CheckSummary(outcome.summary);
      CheckState();
      CheckNothingLost(journal);
    } else if (outcome.summary.rows() > CountGood()) {
      Problem("a run that failed has counted more rows than there are");
    }
  }

  void CheckStatus(const pipeline::StreamOutcome& outcome, const Journal& journal) {
    const auto struck = [&](FaultKind kind) { return journal.struck.contains(kind); };
    std::vector<std::string> allowed;
    if (struck(FaultKind::kTableRecreated)) allowed.push_back("was created again during the run");
    if (struck(FaultKind::kTableTaken)) allowed.push_back("another run has taken over table p.d.t");
    if (!options_.error.empty()) allowed.push_back(options_.error);
    // Another connection's call that was being opened just then had been asked about before; its first window
    // may get through. Nothing on the wire says which table a request is meant for.
    const std::int64_t overtaken =
        static_cast<std::int64_t>(history_.limits.connections - 1) * history_.limits.requests_in_flight;
    if (journal.appends_after_recreation > overtaken)
      Problem("rows went into the table that was created again");
    if (outcome.status.ok()) {
      if (!allowed.empty()) Problem("the run went on to its end, although it must not");
      return;
    }
    findings_.halted = true;
    for (const std::string& text : allowed) {
      if (absl::StrContains(outcome.status.message(), text)) return;
    }
    Problem(absl::StrCat("the run fails: ", outcome.status.ToString()));
  }

  void CheckTraffic(const Journal& journal) {
    // Each lane has a batch that is being filled, so fewer than two more than that are never enough.
    const auto batches = std::max<std::size_t>(history_.limits.batches, history_.limits.connections + 2);
    AddProblems(misbehaving::CheckTraffic(
        journal, {.requests_in_flight = history_.limits.requests_in_flight,
                  .unsettled_rows = static_cast<std::int64_t>(batches) * history_.limits.batch_rows}));
    findings_.rows_resent = CountResentRows(journal);
    AddProblems(
        CheckKeyOrder(journal, [this](const std::string&, const std::string& row) { return LineOf(row); }));
  }

  std::int64_t LineOf(const std::string& row) const { return lines_.LineOf(row); }

  std::string CheckpointPath() const { return directory_.path() + "/checkpoint"; }

  // Every good line before the checkpoint's place was answered well.
  void CheckCheckpoint() {
    // In this order: what the checkpoint covers is in the journal by then.
    std::ifstream stream(CheckpointPath(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto parsed = checkpoint::ParseCheckpoint(text, CheckpointPath());
    if (!parsed.ok() || parsed->line <= checkpoint_line_) return;
    checkpoint_line_ = parsed->line;
    const Journal journal = world_.service().journal();
    std::set<std::int64_t> settled;
    for (const Journal::Arrival& arrival : journal.arrivals) {
      if (journal.requests[static_cast<std::size_t>(arrival.request)].answered_ok)
        settled.insert(LineOf(arrival.row));
    }
    for (std::size_t i = 0; i < history_.input.size() && i < checkpoint_line_; ++i) {
      const auto line = static_cast<std::int64_t>(i + 1);
      if (history_.input[i].reason.empty() && !settled.contains(line)) {
        Problem(absl::StrCat("the checkpoint stands at line ", checkpoint_line_, ", line ", line,
                             " is not settled"));
      }
    }
  }

  std::string DeadLetterBytes() const {
    std::ifstream stream(directory_.path() + "/dead.jsonl", std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  void CheckDeadLetters() {
    std::map<std::int64_t, int> counts;
    for (const std::string& text :
         std::vector<std::string>(absl::StrSplit(DeadLetterBytes(), '\n', absl::SkipEmpty()))) {
      const auto record = nlohmann::json::parse(text, nullptr, false);
      if (!record.is_object()) {
        Problem("a dead letter that is no record");
        continue;
      }
      ++findings_.dead_letters;
      const auto line = record.value("line", std::int64_t{0});
      if (line < 1 || line > static_cast<std::int64_t>(history_.input.size())) {
        Problem(absl::StrCat("a dead letter of line ", line));
        continue;
      }
      const InputChange& change = history_.input[static_cast<std::size_t>(line - 1)];
      const std::string reason = record.value("reason", "");
      if (reason != change.reason) {
        Problem(absl::StrCat("line ", line, " is in the dead letter for '", reason, "', not '", change.reason,
                             "'"));
      }
      if (record.value("row", "") != change.line)
        Problem(absl::StrCat("the dead letter of line ", line, " holds another"));
      const std::string message = record.value("message", "");
      if (reason == "refused" && absl::StrContains(message, " value of row ") &&
          !absl::StrContains(message, absl::StrCat(" value of row ", line, " "))) {
        Problem(absl::StrCat("the dead letter of line ", line, " says of another: ", message));
      }
      ++counts[line];
    }
    for (const auto& [line, count] : counts) {
      if (count > 1) Problem(absl::StrCat("line ", line, " is in the dead letter ", count, " times"));
    }
    in_dead_letter_ = counts;
  }

  std::int64_t CountGood() const {
    return std::count_if(history_.input.begin(), history_.input.end(),
                         [](const InputChange& change) { return change.reason.empty(); });
  }

  void CheckSummary(const pipeline::StreamSummary& summary) {
    const std::int64_t good = CountGood();
    const std::int64_t bad = static_cast<std::int64_t>(history_.input.size()) - good;
    if (summary.rows() != good)
      Problem(absl::StrCat("the summary counts ", summary.rows(), " rows of ", good));
    if (summary.set_aside != bad)
      Problem(absl::StrCat("the summary counts ", summary.set_aside, " bad rows of ", bad));
    if (summary.rows_unsettled != 0)
      Problem(absl::StrCat(summary.rows_unsettled, " rows are unsettled after a good end"));
    if (static_cast<std::int64_t>(in_dead_letter_.size()) != bad)
      Problem(absl::StrCat("the dead letter has ", in_dead_letter_.size(), " lines of ", bad));
  }

  bool HasTies() const { return findings_.ties > 0; }

  void CheckState() {
    const oracle::View expected = ExpectedTable(history_.input, history_.key_columns.size());
    const oracle::View shown = world_.service().Show(kTable);
    if (shown != expected) {
      Problem(absl::StrCat("the table differs.\n    shown:   ", Describe(shown),
                           "\n    expected:", Describe(expected)));
    }
  }

  void CheckNothingLost(const Journal& journal) {
    std::set<std::int64_t> came;
    for (const Journal::Arrival& arrival : journal.arrivals) came.insert(LineOf(arrival.row));
    for (std::size_t i = 0; i < history_.input.size(); ++i) {
      const auto line = static_cast<std::int64_t>(i + 1);
      if (history_.input[i].reason.empty() && !came.contains(line))
        Problem(absl::StrCat("line ", line, " never came"));
    }
  }

  const StreamHistory& history_;
  const RunOptions& options_;
  const Directory directory_;
  HistoryWorld world_;
  StreamFindings findings_;
  const InputLines lines_{history_.input, history_.own_numbers ? RowNumbers::kOwn : RowNumbers::kOfLine};
  std::map<std::int64_t, int> in_dead_letter_;
  std::uint64_t checkpoint_line_ = 0;
};

}  // namespace

StreamHistory MakeStreamHistory(std::uint64_t seed) { return Maker(seed).Make(); }

StreamHistory MakeStreamHistory(std::uint64_t seed, std::vector<Fault> faults) {
  StreamHistory history = Maker(seed).Make();
  history.script.faults = std::move(faults);
  return history;
}

std::string Print(const StreamHistory& history) {
  std::string text = absl::StrCat(
      "history ", history.seed, ", key (", absl::StrJoin(history.key_columns, ", "), ")",
      history.own_numbers ? ", own numbers" : "",
      history.repeats ? absl::StrCat(", repeated after ", absl::FormatDuration(history.repeat_after)) : "",
      ": ", history.limits.batch_rows, " rows a batch, ", history.limits.requests_in_flight,
      " requests in flight, ", history.limits.batches, " batches, ", history.limits.connections,
      " connections\n", Print(history.script));
  for (const InputChange& change : history.input)
    absl::StrAppend(&text, "    ", change.line, change.reason.empty() ? "" : "   ← ", change.reason, "\n");
  return text;
}

StreamFindings RunStreamHistory(const StreamHistory& history, const RunOptions& options) {
  return Run(history, options).Live();
}

StreamHistory Shrink(StreamHistory history, const RunOptions& options) {
  // Threads make some failures rare: each candidate gets several chances.
  constexpr int kTries = 3;
  const auto fails = [&](const StreamHistory& candidate) {
    for (int i = 0; i < kTries; ++i) {
      if (!RunStreamHistory(candidate, options).problems.empty()) return true;
    }
    return false;
  };
  for (std::size_t i = history.script.faults.size(); i-- > 0;) {
    StreamHistory candidate = history;
    candidate.script.faults.erase(candidate.script.faults.begin() + static_cast<std::ptrdiff_t>(i));
    if (fails(candidate)) history = std::move(candidate);
  }
  return history;
}

}  // namespace bqcdc::misbehaving
