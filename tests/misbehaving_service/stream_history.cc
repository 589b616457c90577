#include "tests/misbehaving_service/stream_history.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/pipeline/stream.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "tests/misbehaving_service/idle_clock.h"
#include "tests/misbehaving_service/served_table.h"
#include "tests/oracle/cdc_oracle.h"

namespace bqcdc::misbehaving {
namespace {

using oracle::Operation;

constexpr char kTable[] = "p.d.t";
// When a history is stuck; long ones take some 3,000 jumps.
constexpr IdleClock::Limits kStuck = {absl::Seconds(60), 20'000}, kStuckSoon = {absl::Seconds(10), 6'000};
constexpr std::int64_t kFirstWriteOnceKey = 1000;
constexpr std::int64_t kFirstDay = 20'000;  // since 1970
// A few days after the epochs of other tests; the time itself does not matter.
const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);

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
    if (Percent(50)) {
      history_.key_columns = {"id", "region"};
      if (Percent(50)) history_.key_columns.push_back("day");
      std::shuffle(history_.key_columns.begin(), history_.key_columns.end(), random_);
    }
    write_once_percent_ = Percent(50) ? 35 : 0;
    unfit_percent_ = Percent(60) ? (Percent(50) ? 8 : 30) : 0;
    broken_percent_ = Percent(60) ? 8 : 0;
    const std::int64_t count = Between(30, 60);
    for (std::int64_t line = 1; line <= count; ++line) AddLine(line);
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

  void AddLine(std::int64_t line) {
    if (line > 1 && Percent(broken_percent_)) return AddBroken(line);
    oracle::Row row;
    row.value = line;
    row.key = MakeKey(line);
    row.operation = line > 1 && Percent(25) ? Operation::kDelete : Operation::kUpsert;
    const bool unfit = row.operation == Operation::kUpsert && Percent(unfit_percent_);
    std::vector<std::string> fields = SpellKey(row.key);
    fields.push_back(
        absl::StrCat(R"("_CHANGE_TYPE":")", row.operation == Operation::kDelete ? "DELETE" : "UPSERT", "\""));
    if (row.operation == Operation::kDelete) {
      row.value = 0;  // A DELETE carries its key alone.
    } else {
      row.note = absl::StrCat(unfit ? "unfit" : "note", line,
                              std::string(static_cast<std::size_t>(Between(0, 80)), '.'));
      fields.push_back(absl::StrCat(R"("value":)", line));
      fields.push_back(absl::StrCat(R"("note":")", *row.note, "\""));
    }
    if (history_.own_numbers) {
      // Rising by and large, some late, some equal; a DELETE's is its own, so that it can be told from
      // others.
      const std::int64_t section = row.operation == Operation::kDelete
                                       ? line / 3
                                       : Between(std::max<std::int64_t>(0, line - 6), line) / 3;
      const std::string number =
          absl::StrCat(absl::Hex(section), "/", absl::Hex(row.operation == Operation::kDelete ? line : 0));
      row.sequence = absl::AsciiStrToUpper(absl::StrCat(number, "/0/0"));  // As the writer spells it.
      fields.push_back(absl::StrCat(R"("_CHANGE_SEQUENCE_NUMBER":")", number, "\""));
    }
    std::shuffle(fields.begin(), fields.end(), random_);
    InputChange change;
    change.line = absl::StrCat("{", absl::StrJoin(fields, ","), "}");
    change.row = std::move(row);
    if (unfit) change.reason = "refused";
    history_.input.push_back(std::move(change));
  }

  // Few keys, so that they meet; those of several columns are often equal in all but one.
  oracle::Key MakeKey(std::int64_t line) {
    const bool once = Percent(write_once_percent_);
    const std::size_t columns = history_.key_columns.size();
    oracle::Key key;
    key.id = once ? kFirstWriteOnceKey + line : Between(1, columns == 1 ? 8 : columns == 2 ? 4 : 3);
    if (columns > 1) key.region = Percent(50) ? "east" : "west";
    if (columns > 2) key.parts = {oracle::Scalar(absl::StrCat(kFirstDay + Between(0, 1)))};
    return key;
  }

  // The fields of a key. One value has several spellings.
  std::vector<std::string> SpellKey(const oracle::Key& key) {
    std::vector<std::string> fields;
    fields.push_back(Percent(80) ? absl::StrCat(R"("id":)", *key.id)
                                 : absl::StrCat(R"("id":")", *key.id, "\""));
    if (key.region) {
      const std::string text =
          Percent(80) ? *key.region
                      : absl::StrCat(R"(\u00)", absl::Hex((*key.region)[0]), key.region->substr(1));
      fields.push_back(absl::StrCat(R"("region":")", text, "\""));
    }
    for (const oracle::Value& day : key.parts) {
      const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + std::stoll(day.text);
      fields.push_back(Percent(80) ? absl::StrCat(R"("day":")", absl::FormatCivilTime(date), "\"")
                                   : absl::StrCat(R"("day":)", day.text));
    }
    return fields;
  }

  void AddBroken(std::int64_t line) {
    const std::string number =
        history_.own_numbers ? absl::StrCat(R"(,"_CHANGE_SEQUENCE_NUMBER":")", absl::Hex(line), "\"") : "";
    switch (Between(0, 3)) {
      case 0:
        return history_.input.push_back({"{broken", {}, "json_syntax"});
      case 1:
        return history_.input.push_back(
            // Where the key has several columns, those that lack are enough.
            {absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)",
                          history_.key_columns.size() == 1 ? "null" : "1", number, "}"),
             {},
             "null_key"});
      case 2:
        return history_.input.push_back(
            {absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"value":"x")", number, "}"), {}, "malformed"});
      default:
        return history_.input.push_back(
            {absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"other":1)", number, "}"),
             {},
             "unknown_column"});
    }
  }

  std::mt19937_64 random_;
  StreamHistory history_;
  int write_once_percent_ = 0, unfit_percent_ = 0, broken_percent_ = 0;
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

std::string Describe(const oracle::View& view) {
  std::string text;
  for (const oracle::VisibleRow& row : view)
    absl::StrAppend(&text, " ", KeyName(row.key), "=", row.value, "/", row.note.value_or("NULL"));
  return text;
}

class Run {
 public:
  Run(const StreamHistory& history, const RunOptions& options)
      : history_(history),
        options_(options),
        clock_(kStart, options.clock_patience),
        service_(history.script, clock_, rest_, options.mutant) {
    clock_.OnOverrun(options.may_be_stuck ? kStuckSoon : kStuck, [this] { OnOverrun(); });
    rest_.on_request = [this](const http::Request&) { clock_.Tick(); };
    rest::testing::FakeRestService::Table table;
    table.schema_fields = kSchemaFields;
    table.primary_key = nlohmann::json(history_.key_columns).dump();
    rest_.PutTable(kTable, table);
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

  // An impatient clock runs on where the machine is slow, as under a sanitizer: then the run is ended, and
  // what it shows is a problem like others.
  void OnOverrun() {
    if (options_.may_be_stuck) return GiveUp();
    if (options_.clock_patience > 1 || stuck_) {
      std::fprintf(stderr, "stands still:\n%s", Print(history_).c_str());
      std::abort();
    }
    GiveUp();
    clock_.OnOverrun({kStuck.standing, 2 * kStuck.jumps}, [this] { OnOverrun(); });
  }
  // A claim by another is what ends any run.
  void GiveUp() {
    stuck_ = true;
    rest_.ChangeTable(kTable, [](auto& table) {
      table.labels["bqcdc_epoch"] = "9000000000000000000";
      table.labels["bqcdc_owner"] = "other";
    });
  }

  pipeline::StreamOutcome Stream(std::uint64_t epoch) {
    pipeline::StreamOptions options;
    options.table = {"p", "d", "t"};
    options.dead_letter_path = directory_.path() + "/dead.jsonl";
    options.resume_epoch = epoch;
    options.replay_old = true;
    options.retry_time_max = options_.retry_time_max;
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
    surroundings.client = &client_;
    surroundings.channels = [this] { return service_.MakeChannel(); };
    surroundings.clock = &clock_;
    surroundings.stop = &stop;
    auto reader = pipeline::LineReader::Open({directory_.path() + "/input"}, stop, options.input);
    if (!reader.ok()) std::abort();
    return pipeline::StreamChanges(options, std::move(surroundings), *std::move(reader));
  }

  // 39 hours later, as late as a run may be repeated: nothing changes. Nor does it after 50, when the service
  // has forgotten what was deleted and may have forgotten all numbers: for the whole input comes again, and
  // only a part of it may not.
  void Repeat(const pipeline::StreamOutcome& first) {
    const oracle::View before = service_.Show(kTable);
    const std::string dead_letters = DeadLetterBytes();
    clock_.Advance(history_.repeat_after);
    for (int i = 0; i < 20 && !client_.GetTable({"p", "d", "t"}).ok(); ++i) {
      // What REST had still in store for the first run has passed meanwhile.
    }
    const pipeline::StreamOutcome second = Stream(history_.own_numbers ? 0 : first.summary.epoch);
    ++findings_.repeats;
    if (history_.script.habits.forgets_numbers && history_.repeat_after > absl::Hours(48))
      ++findings_.repeats_forgotten;
    const Journal journal = service_.journal();
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
    if (!HasTies() && service_.Show(kTable) != before) Problem("the repeated run changed the table");
  }

  void Look(const pipeline::StreamOutcome& outcome) {
    const Journal journal = service_.journal();
    findings_.struck = journal.struck;
    findings_.status = outcome.status;
    findings_.requests = static_cast<std::int64_t>(journal.requests.size());
    findings_.calls = static_cast<std::int64_t>(journal.calls.size());
    findings_.late_appends = journal.late_appends;
    findings_.ties = outcome.summary.ties;
    findings_.elapsed = outcome.summary.elapsed;
    if (stuck_) Problem("the run stands still");
    if (options_.checkpoint) CheckCheckpoint();
    CheckStatus(outcome, journal);
    CheckTraffic(journal);
    CheckKeyOrder(journal);
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
    for (const std::string& fault : journal.protocol_faults) Problem(absl::StrCat("protocol: ", fault));
    for (const Journal::Call& call : journal.calls) {
      if (call.unanswered_max > history_.limits.requests_in_flight) {
        Problem(absl::StrCat(call.unanswered_max, " requests under way on one call, the window is ",
                             history_.limits.requests_in_flight));
      }
    }
    // Each lane has a batch that is being filled, so fewer than two more than that are never enough.
    const auto batches = std::max<std::size_t>(history_.limits.batches, history_.limits.connections + 2);
    const auto bound = static_cast<std::int64_t>(batches) * history_.limits.batch_rows;
    if (journal.unsettled_rows_max > bound) {
      Problem(absl::StrCat(journal.unsettled_rows_max, " rows in memory, the bound is ", bound));
    }
    CheckResends(journal);
    CheckNoneTwiceOnACall(journal);
  }

  // A request that was accepted does not come again on the same call: answers would be taken for those of
  // others.
  void CheckNoneTwiceOnACall(const Journal& journal) {
    std::map<std::int64_t, std::set<std::string>> accepted;  // rows by call
    for (const Journal::Arrival& arrival : journal.arrivals) {
      if (accepted[arrival.call].contains(arrival.row))
        Problem(
            absl::StrCat("row ", arrival.row, " came again on call ", arrival.call, " that had accepted it"));
      if (journal.requests[static_cast<std::size_t>(arrival.request)].answered_ok)
        accepted[arrival.call].insert(arrival.row);
    }
  }

  // A row may go again only when its request was refused or left unanswered, or when its answer may have been
  // lost with the call: at most the window's last ones.
  void CheckResends(const Journal& journal) {
    std::int64_t allowed = 0, arrived = 0;
    std::set<std::string> distinct;
    std::map<std::int64_t, std::vector<std::int64_t>> answered_of_call;
    for (const Journal::Request& request : journal.requests) {
      arrived += request.rows;
      if (request.answered_ok) {
        answered_of_call[request.call].push_back(request.rows);
      } else {
        allowed += request.rows;
      }
    }
    for (const auto& [call, rows] : answered_of_call) {
      const std::size_t window = std::min<std::size_t>(rows.size(), history_.limits.requests_in_flight);
      for (std::size_t i = rows.size() - window; i < rows.size(); ++i) allowed += rows[i];
    }
    std::int64_t seen = 0;
    for (const Journal::Arrival& arrival : journal.arrivals) seen += distinct.insert(arrival.row).second;
    findings_.rows_resent = arrived - seen;
    if (arrived - seen > allowed)
      Problem(absl::StrCat(arrived - seen, " rows were sent again, at most ", allowed, " had a reason"));
  }

  // Rows of one key come for the first time in the order of the input.
  void CheckKeyOrder(const Journal& journal) {
    std::set<std::string> seen;
    std::map<std::string, std::int64_t> last_line;
    for (std::size_t i = 0; i < journal.arrivals.size(); ++i) {
      const Journal::Arrival& arrival = journal.arrivals[i];
      // What a broken call still delivers after a newer call has begun to may be older than it looks. The
      // newer one may be of another connection: then the row has come, and when is not known.
      const Journal::Call& call = journal.calls[static_cast<std::size_t>(arrival.call)];
      if (call.broken && NewerCallDelivered(journal, arrival.call, i)) {
        seen.insert(arrival.row);
        continue;
      }
      if (!seen.insert(arrival.row).second) continue;
      const std::int64_t line = LineOf(arrival.row);
      if (line == 0) {
        Problem(absl::StrCat("a row that is not in the input came: ", arrival.row));
        continue;
      }
      std::int64_t& last = last_line[arrival.key];
      if (line < last)
        Problem(
            absl::StrCat("key ", arrival.key, ": line ", line, " came for the first time after line ", last));
      last = std::max(last, line);
    }
  }

  static bool NewerCallDelivered(const Journal& journal, std::int64_t call, std::size_t before) {
    for (std::size_t i = before; i-- > 0;) {
      if (journal.arrivals[i].call > call) return true;
    }
    return false;
  }

  std::string NameOf(std::size_t index) const {
    oracle::Row row = *history_.input[index].row;
    if (!history_.own_numbers) row.sequence = "*";
    return RowName(row);
  }

  // The line of a row that came; 0 = of none. Assigned numbers name the line themselves.
  std::int64_t LineOf(const std::string& name) {
    if (lines_.empty()) {
      for (std::size_t i = 0; i < history_.input.size(); ++i) {
        if (!history_.input[i].row) continue;
        lines_.emplace(history_.own_numbers ? NameOf(i) : absl::StrCat(NameOf(i), "#", i + 1),
                       static_cast<std::int64_t>(i + 1));
      }
    }
    std::string text = name;
    if (!history_.own_numbers) {
      // key@epoch/line/1/0±value
      const std::size_t at = name.find('@');
      const std::size_t sign = name.find_first_of("+-", at + 1);
      const std::vector<std::string> sections = absl::StrSplit(name.substr(at + 1, sign - at - 1), '/');
      if (sections.size() != 4) return 0;
      const std::int64_t line = std::strtoll(sections[1].c_str(), nullptr, 16);
      text = absl::StrCat(name.substr(0, at), "@*", name.substr(sign), "#", line);
    }
    const auto found = lines_.find(text);
    return found == lines_.end() ? 0 : found->second;
  }

  std::string CheckpointPath() const { return directory_.path() + "/checkpoint"; }

  // Every good line before the checkpoint's place was answered well.
  void CheckCheckpoint() {
    // In this order: what the checkpoint covers is in the journal by then.
    std::ifstream stream(CheckpointPath(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto parsed = checkpoint::ParseCheckpoint(text, CheckpointPath());
    if (!parsed.ok() || parsed->line <= checkpoint_line_) return;
    checkpoint_line_ = parsed->line;
    const Journal journal = service_.journal();
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

  // The input's good changes one by one, in their order, on a table that never misbehaves.
  oracle::View Expected() const {
    const bool one = history_.key_columns.size() == 1;
    oracle::CdcOracle oracle(one ? oracle::Shape::kSingleKey : oracle::Shape::kCompositeKey, 0, {});
    std::int64_t time = 1;
    for (std::size_t i = 0; i < history_.input.size(); ++i) {
      const InputChange& change = history_.input[i];
      if (!change.reason.empty()) continue;
      oracle::Row row = *change.row;
      if (!row.sequence) row.sequence = absl::StrCat("1/", absl::Hex(i + 1));
      oracle.Append({row}, time++);
    }
    return oracle.Expected(time);
  }

  bool HasTies() const { return findings_.ties > 0; }

  void CheckState() {
    const oracle::View expected = Expected();
    const oracle::View shown = service_.Show(kTable);
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
  IdleClock clock_;
  rest::testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p"}, rest_, no_token_, clock_};
  MisbehavingService service_;
  StreamFindings findings_;
  std::map<std::string, std::int64_t> lines_;
  std::map<std::int64_t, int> in_dead_letter_;
  std::uint64_t checkpoint_line_ = 0;
  std::atomic<bool> stuck_{false};
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
