// `bqcdc stream --checkpoint` is killed at every named point and at random moments, against a real server,
// and started again until it has come to its end. Then the table holds what the input says, each bad line is
// one record of the dead letter file, and no more than a window of rows went twice for each kill. In between
// the checkpoint never covers a line that is not settled: that is read from the server's own log, the file
// that it stores every change in before it acknowledges it. Nothing is applied while a case runs, so no
// change leaves the log, and each has a number that names its line. A query would not do: it shows nothing of
// a change that a later one of its key hides, and nothing of a DELETE.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "tests/end_to_end/scenario.h"
#include "tests/faults/io_trace.h"
#include "tests/faults/store_reader.h"

namespace bqcdc::faults {
namespace {

using checkpoint::Checkpoint;
using end_to_end::Program;
using end_to_end::ProgramResult;

constexpr int kLines = 1500;
constexpr int kBatchRows = 20, kRequestsInFlight = 4, kConnections = 2;
constexpr std::int64_t kWindow = kBatchRows * kRequestsInFlight * kConnections;
constexpr int kKilled = 137;
constexpr absl::Duration kPatience = absl::Seconds(60);

enum class Feed { kFile, kPipe, kFollowed };

struct Case {
  std::uint64_t seed = 0;
  bool once = false;  // each key is written once, so that a loss shows
  bool own = false;   // lines bring their own numbers
  bool ties = false;  // two by two with own numbers that are equal, many of one key: the later one wins
  Feed feed = Feed::kFile;

  std::string ToString() const {
    return absl::StrCat("seed ", seed, once ? ", each key once" : ", keys rewritten",
                        own ? (ties ? ", own numbers with ties" : ", own numbers") : "",
                        feed == Feed::kPipe       ? ", pipe"
                        : feed == Feed::kFollowed ? ", followed"
                                                  : ", file");
  }
};

// The input of a run and what must come of it.
struct Input {
  std::vector<std::string> lines;
  std::map<int, int> table;             // id → line, at the end
  std::map<int, LoggedChange> changes;  // line → what is sent of it; numbered where lines bring their own
  std::set<int> bad_lines;
};

Input MakeInput(const Case& wanted) {
  std::mt19937_64 random(wanted.seed);
  Input input;
  int last_id = 0;
  for (int line = 1; line <= kLines; ++line) {
    const int own = wanted.ties ? line / 2 : line;
    const std::string number =
        wanted.own ? absl::StrCat(R"(,"_CHANGE_SEQUENCE_NUMBER":")", absl::Hex(own), "\"") : "";
    // Also before the first row, which decides whose numbers count.
    if (line <= 2 || random() % 40 == 0) {
      input.lines.push_back(absl::StrCat("{\"broken\":", line, "\n"));
      input.bad_lines.insert(line);
      continue;
    }
    if (random() % 60 == 0) {
      input.lines.push_back(" \n");
      continue;
    }
    const bool as_before = wanted.ties && line % 2 == 1 && random() % 4 != 0;
    if (!as_before) last_id = static_cast<int>(random() % 50);
    const int id = wanted.once ? line : last_id;
    LoggedChange& change = input.changes[line];
    change.id = id;
    if (wanted.own) change.sequence = values::SequenceNumber::FromInteger(static_cast<std::uint64_t>(own));
    if (!wanted.once && random() % 3 == 0) {
      input.lines.push_back(absl::StrCat(R"({"_CHANGE_TYPE":"DELETE","id":)", id, number, "}\n"));
      input.table.erase(id);
      change.is_delete = true;
    } else {
      input.lines.push_back(
          absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"line":)", line, number, "}\n"));
      input.table[id] = line;
    }
  }
  return input;
}

class StreamerKillProof : public end_to_end::Scenario {
 protected:
  StreamerKillProof() : random_(base::TestSeed()) {}

  // With the data of the one before, if there was one.
  void StartServer() {
    server_of_case_.reset();
    auto started =
        local_server::LocalServer::Start({"--project", "p", "--shuffle-ties", "--log-level", "warn",
                                          "--data-dir", data_dir_, "--no-background-apply"});
    if (!started.ok()) throw std::runtime_error(started.status().ToString());
    server_of_case_ = *std::move(started);
    environment_["BIGQUERY_EMULATOR_HOST"] = server_of_case_->rest();
    environment_["GOOGLE_CLOUD_PROJECT"] = "p";
  }
  // Of a copy of the directory, which is as a kill of the server would leave it now.
  std::multiset<LoggedChange> ReadServerLog() const {
    const std::string copy = directory() + "/copy";
    std::filesystem::remove_all(copy);
    int stopped = 0;
    kill(server_of_case_->pid(), SIGSTOP);
    EXPECT_EQ(waitpid(server_of_case_->pid(), &stopped, WUNTRACED), server_of_case_->pid());
    std::filesystem::copy(data_dir_, copy, std::filesystem::copy_options::recursive);
    kill(server_of_case_->pid(), SIGCONT);
    const auto log = ReadLog(copy, table_.substr(table_.find('.') + 1));
    if (!log.ok()) throw std::runtime_error(log.status().ToString());
    return {log->begin(), log->end()};
  }
  // Every change of a line up to `end` is in the log, and nothing is that no line says. Counts the repeats.
  void CheckServerLog(std::uint64_t end, std::uint64_t epoch, std::int64_t* repeats) const {
    const std::multiset<LoggedChange> log = ReadServerLog();
    // With ties two lines may have one name: their changes are there twice then.
    std::multiset<LoggedChange> all, up_to_end;
    for (const auto& [line, change] : input_.changes) {
      LoggedChange sent = change;
      if (!case_.own) sent.sequence = {{epoch, static_cast<std::uint64_t>(line), 1, 0}};
      all.insert(sent);
      if (static_cast<std::uint64_t>(line) > end) continue;
      up_to_end.insert(sent);
      ASSERT_GE(log.count(sent), up_to_end.count(sent)) << "line " << line << ", checkpoint at " << end;
    }
    *repeats = 0;
    for (auto change = log.begin(); change != log.end(); change = log.upper_bound(*change)) {
      ASSERT_TRUE(all.contains(*change)) << "id " << change->id << ", " << change->sequence.ToString();
      const auto count = [&](const auto& in) { return static_cast<std::int64_t>(in.count(*change)); };
      *repeats += std::max<std::int64_t>(count(log) - count(all), 0);
    }
  }

  // Makes the table and files of a case, with a server of its own: the log is all of the case, and short.
  void Begin(const Case& wanted) {
    case_ = wanted;
    input_ = MakeInput(wanted);
    const std::string name = absl::StrCat("t", ++tables_);
    server_of_case_.reset();
    std::filesystem::remove_all(data_dir_);
    data_dir_ = absl::StrCat(directory(), "/", name, ".data");
    StartServer();
    table_ = "d." + name;
    file_ = name + ".jsonl";
    checkpoint_ = name + ".checkpoint";
    dead_letter_ = name + ".dead";
    RunOk({"create-table", table_, "--schema", "id:INT64,line:INT64", "--primary-key", "id"});
    whole_ = absl::StrJoin(input_.lines, "");
    // What is followed is rotated later on.
    written_ = wanted.feed == Feed::kFollowed ? kLines / 2 : kLines;
    File(file_, absl::StrJoin(input_.lines.begin(), input_.lines.begin() + written_, ""));
    kills_ = 0;
    epoch_ = 0;
  }

  // One run, which `kill` may end at any time, with the server where that is asked for. Returns its exit
  // code.
  int RunOnce(const std::map<std::string, std::string>& variables, absl::Duration kill,
              bool kill_server = false) {
    const std::map<std::string, std::string> plain = environment_;
    for (const auto& [name, value] : variables) environment_[name] = value;
    std::vector<std::string> arguments = {"stream",
                                          table_,
                                          "--checkpoint",
                                          directory() + "/" + checkpoint_,
                                          "--dead-letter",
                                          directory() + "/" + dead_letter_,
                                          "--checkpoint-interval",
                                          "10ms",
                                          "--flush-interval",
                                          "10ms",
                                          "--batch-rows",
                                          absl::StrCat(kBatchRows),
                                          "--requests-in-flight",
                                          absl::StrCat(kRequestsInFlight),
                                          "--max-connections",
                                          absl::StrCat(kConnections)};
    if (case_.feed != Feed::kPipe) arguments.push_back(file_);
    if (case_.feed == Feed::kFollowed)
      arguments.insert(arguments.end(), {"--follow", "--follow-interval", "5ms"});
    const std::optional<Checkpoint> before = ReadCheckpoint();
    const std::string owner_before = before.has_value() ? before->owner : "";
    const absl::Time started = absl::Now();
    const std::unique_ptr<Program> program = Start(arguments);
    environment_ = plain;
    std::thread feeder;
    if (case_.feed == Feed::kPipe) {
      feeder = std::thread([&] {
        program->Write(whole_);
        program->CloseInput();
      });
    }
    if (kill != absl::InfiniteDuration()) {
      absl::SleepFor(kill);
      if (kill_server) server_of_case_->Kill();
      program->Signal(SIGKILL);
    } else if (case_.feed == Feed::kFollowed) {
      // It ends only when it is told to: once, and when it has written a checkpoint itself, so that it
      // listens.
      bool told = false;
      for (const absl::Time deadline = absl::Now() + kPatience;
           absl::Now() < deadline && program->Running();) {
        const std::optional<Checkpoint> now = ReadCheckpoint();
        if (!told && now.has_value() && now->owner != owner_before &&
            now->line == static_cast<std::uint64_t>(written_)) {
          program->Signal(SIGTERM);
          told = true;
        }
        absl::SleepFor(absl::Milliseconds(5));
      }
      EXPECT_FALSE(program->Running()) << "the checkpoint does not come to line " << written_;
    }
    if (feeder.joinable()) feeder.join();
    const ProgramResult result = program->Wait();
    took_ = absl::Now() - started;
    said_ = result.err;
    return result.exit_code;
  }

  std::optional<Checkpoint> ReadCheckpoint() const {
    const std::string text = ReadFile(checkpoint_);
    if (text.empty()) return std::nullopt;
    const auto parsed = checkpoint::ParseCheckpoint(text, checkpoint_);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return parsed.ok() ? std::optional(*parsed) : std::nullopt;
  }
  std::multiset<int> DeadLetterLines() const {
    std::multiset<int> lines;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(ReadFile(dead_letter_), '\n'))) {
      const auto record = nlohmann::json::parse(line, nullptr, false);
      if (record.is_object()) lines.insert(record.at("line").get<int>());  // The last one may be cut off.
    }
    return lines;
  }
  std::map<int, int> ReadTable() {
    std::map<int, int> table;
    for (const std::string& row : Query(absl::StrCat("SELECT id, line FROM ", table_))) {
      const std::vector<std::string> cells = absl::StrSplit(row, ',');
      EXPECT_TRUE(table.emplace(std::stoi(cells.at(0)), std::stoi(cells.at(1))).second)
          << "key twice: " << row;
    }
    return table;
  }

  // After a kill: every line before the checkpoint's place is settled.
  void CheckCheckpoint() {
    ++kills_;
    const std::optional<Checkpoint> now = ReadCheckpoint();
    if (!now.has_value()) return;
    if (epoch_ == 0) epoch_ = now->epoch;
    EXPECT_EQ(now->epoch, epoch_);
    const std::multiset<int> dead = DeadLetterLines();
    for (const int line : input_.bad_lines) {
      if (static_cast<std::uint64_t>(line) > now->line) break;
      ASSERT_EQ(dead.count(line), 1u) << "bad line " << line << ", checkpoint at " << now->line;
    }
    std::int64_t repeats = 0;
    CheckServerLog(now->line, now->epoch, &repeats);
    if (HasFatalFailure() || !case_.once) return;
    const std::map<int, int> table = ReadTable();
    for (const auto& [line, change] : input_.changes) {
      if (static_cast<std::uint64_t>(line) > now->line) break;
      ASSERT_TRUE(table.contains(static_cast<int>(change.id)))
          << "line " << line << ", checkpoint at " << now->line;
    }
  }

  // Runs to the end, then checks everything.
  void Finish() {
    if (case_.feed == Feed::kFollowed && written_ < kLines) {
      const std::string more = absl::StrJoin(input_.lines.begin() + written_, input_.lines.end(), "");
      if (ReadCheckpoint().has_value()) {
        std::filesystem::rename(directory() + "/" + file_, directory() + "/" + file_ + ".1");
        File(file_, more);
      } else {  // Nobody has begun to read it: a run begins with what is there.
        File(file_, whole_);
      }
      written_ = kLines;
    }
    const int code = RunOnce({}, absl::InfiniteDuration());
    ASSERT_TRUE(code == 0 || code == 3) << code << "\n" << said_;
    EXPECT_EQ(ReadTable(), input_.table);
    EXPECT_EQ(DeadLetterLines(), std::multiset<int>(input_.bad_lines.begin(), input_.bad_lines.end()));
    const std::optional<Checkpoint> last = ReadCheckpoint();
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->line, static_cast<std::uint64_t>(kLines));
    EXPECT_EQ(last->ended, case_.feed != Feed::kFollowed);
    if (epoch_ != 0) {
      EXPECT_EQ(last->epoch, epoch_);
    }
    std::int64_t again = 0;
    CheckServerLog(last->line, last->epoch, &again);
    if (HasFatalFailure()) return;
    EXPECT_LE(again, kills_ * kWindow) << kills_ << " kills";
    rows_again_ += again;
    rows_again_most_ = std::max(rows_again_most_, kills_ == 0 ? 0 : again / kills_);
    kills_total_ += kills_;
  }

  void Report() const {
    std::cout << kills_total_ << " kills, " << rows_again_ << " rows sent again, at most about "
              << rows_again_most_ << " for a kill (window " << kWindow << ")\n";
  }

  std::mt19937_64 random_;
  Case case_;
  Input input_;
  std::string whole_, table_, file_, checkpoint_, dead_letter_, data_dir_, said_;
  absl::Duration took_;  // of the last run
  int tables_ = 0, written_ = 0;
  std::int64_t kills_ = 0;
  std::int64_t rows_again_ = 0, rows_again_most_ = 0, kills_total_ = 0;
  std::uint64_t epoch_ = 0;

 private:
  std::unique_ptr<local_server::LocalServer> server_of_case_;
};

TEST_F(StreamerKillProof, AtEveryNamedPoint) {
  std::vector<std::string> points;
#define BQCDC_FAILPOINT_STREAM(name, text) points.push_back(text);
  BQCDC_STREAM_FAILPOINTS(BQCDC_FAILPOINT_STREAM)
#undef BQCDC_FAILPOINT_STREAM
  std::uint64_t round = 0;
  const int visits_max = base::ProofRounds(1, 4);
  for (const std::string& point : points) {
    if (absl::StartsWith(point, "retry-")) continue;  // RetryAtEveryNamedPoint
    for (int visits = 0; visits < visits_max; ++visits) {
      const int visit = visits == 0 ? 1 : visits == 1 ? 2 : visits == 2 ? 5 : 20;
      Case wanted;
      wanted.seed = random_();
      wanted.once = round % 2 == 0;
      wanted.own = round % 5 == 4 || round % 5 == 1;
      wanted.ties = round % 5 == 1;
      wanted.feed = static_cast<Feed>(round % 3);
      // Where a point has fewer visits the run comes to its end; one that follows has none.
      if (wanted.feed == Feed::kFollowed && (visit > 5 || point == "stream-before-last-checkpoint"))
        wanted.feed = Feed::kFile;
      ++round;
      SCOPED_TRACE(absl::StrCat(point, ":", visit, ", ", wanted.ToString()));
      Begin(wanted);
      const int code =
          RunOnce({{"BQCDC_FAILPOINT", absl::StrCat(point, ":", visit)}}, absl::InfiniteDuration());
      if (visit == 1) {
        EXPECT_EQ(code, kKilled) << said_;
      }
      ASSERT_TRUE(code == kKilled || code == 3 || code == 0) << code << "\n" << said_;
      if (code == kKilled) CheckCheckpoint();
      if (HasFatalFailure()) return;
      Finish();
      if (HasFatalFailure()) return;
    }
  }
  Report();
}

TEST_F(StreamerKillProof, AtRandomMoments) {
  const int kills = base::ProofRounds(12, 200);
  // How long a run takes here and now.
  Begin({.seed = random_(), .once = true});
  Finish();
  if (HasFatalFailure()) return;
  const absl::Duration whole = took_;
  for (int round = 0; kills_total_ < kills; ++round) {
    Case wanted;
    wanted.seed = random_();
    wanted.once = round % 2 == 0;
    wanted.own = round % 5 == 4 || round % 5 == 1;
    wanted.ties = round % 5 == 1;
    wanted.feed = static_cast<Feed>(round % 3);
    SCOPED_TRACE(absl::StrCat("round ", round, ", ", wanted.ToString()));
    Begin(wanted);
    for (int kill = 1 + static_cast<int>(random_() % 3); kill > 0; --kill) {
      const absl::Duration moment = whole * std::uniform_real_distribution<double>(0, 1)(random_);
      if (RunOnce({}, moment) != kKilled) continue;
      CheckCheckpoint();
      if (HasFatalFailure()) return;
    }
    Finish();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  Report();
}

// The machine goes: both at once. What the checkpoint covers is in the table of the server that comes back.
TEST_F(StreamerKillProof, TogetherWithTheServer) {
  const int rounds = base::ProofRounds(4, 40);
  for (int round = 0; round < rounds; ++round) {
    Case wanted;
    wanted.seed = random_();
    wanted.once = round % 2 == 0;
    wanted.own = wanted.ties = round % 4 == 3;
    SCOPED_TRACE(absl::StrCat("round ", round, ", ", wanted.ToString()));
    Begin(wanted);
    for (int kill = 0; kill < 2; ++kill) {
      const auto moment = absl::Milliseconds(std::uniform_int_distribution<int>(20, 250)(random_));
      const int code = RunOnce({}, moment, /*kill_server=*/true);
      StartServer();
      if (code == kKilled) CheckCheckpoint();
      if (HasFatalFailure()) return;
    }
    Finish();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  std::cout << kills_total_ << " kills of both\n";
}

// As the operating system sees it: a checkpoint's bytes are on the disk before they get its name, the name
// before anything else is written, and the dead letters that it covers before both.
TEST_F(StreamerKillProof, CheckpointsAreOnTheDiskBeforeTheyHaveTheirName) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer must be the first library that is loaded";
#endif
  Begin({.seed = random_(), .once = true});
  const std::string trace = directory() + "/trace", target = directory() + "/" + checkpoint_;
  const int code =
      RunOnce({{"LD_PRELOAD", BQCDC_IO_LOG_LIBRARY}, {"BQCDC_IO_LOG", trace}, {"BQCDC_IO_DIR", directory()}},
              absl::InfiniteDuration());
  ASSERT_EQ(code, 3) << said_;  // Some lines were set aside.
  const auto events = ReadIoTrace(trace);
  ASSERT_TRUE(events.ok()) << events.status();

  struct File {
    std::string bytes;
    std::string at_sync_start, durable;
  };
  std::map<std::string, File> files;
  int renames = 0, covered = 0;
  bool name_is_durable = true;
  for (const IoEvent& event : *events) {
    File& file = files[event.name];
    switch (event.kind) {
      case IoEvent::Kind::kWrite:
        if (absl::StartsWith(event.name, target)) {
          ASSERT_TRUE(name_is_durable) << "checkpoint " << renames;
        }
        file.bytes.resize(std::max<std::size_t>(file.bytes.size(), event.offset + event.data.size()));
        file.bytes.replace(event.offset, event.data.size(), event.data);
        break;
      case IoEvent::Kind::kTruncate:
        file.bytes.resize(event.offset);
        break;
      case IoEvent::Kind::kSyncStart:
        file.at_sync_start = file.bytes;
        break;
      case IoEvent::Kind::kSyncEnd:
        file.durable = file.at_sync_start;
        if (event.name == directory()) name_is_durable = true;
        break;
      case IoEvent::Kind::kRename: {
        if (event.data != target) break;
        ++renames;
        name_is_durable = false;
        ASSERT_FALSE(file.bytes.empty());
        ASSERT_EQ(file.durable, file.bytes) << "checkpoint " << renames << " was named before it was synced";
        const auto checkpoint = checkpoint::ParseCheckpoint(file.durable, target);
        ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
        std::set<int> dead;
        for (const std::string& line : std::vector<std::string>(
                 absl::StrSplit(files[directory() + "/" + dead_letter_].durable, '\n', absl::SkipEmpty()))) {
          const auto record = nlohmann::json::parse(line, nullptr, false);
          if (record.is_object()) dead.insert(record.at("line").get<int>());
        }
        for (const int line : input_.bad_lines) {
          if (static_cast<std::uint64_t>(line) > checkpoint->line) break;
          ASSERT_TRUE(dead.contains(line))
              << "checkpoint " << renames << " covers line " << line << ", whose dead letter is not synced";
          ++covered;
        }
        files[event.data] = std::move(file);
        break;
      }
      default:
        break;
    }
  }
  EXPECT_TRUE(name_is_durable);
  EXPECT_GE(renames, 3);
  EXPECT_GE(covered, 10);
  std::cout << renames << " checkpoints, " << covered << " times a dead letter before one that covers it\n";
}

// Rows are in the file or written or both, and a repeat ends it.
TEST_F(StreamerKillProof, RetryAtEveryNamedPoint) {
  for (const char* point : {"retry-after-send", "replace-before-sync", "replace-before-rename",
                            "replace-after-rename", "replace-after-sync"}) {
    SCOPED_TRACE(point);
    Begin({.seed = random_(), .once = true});
    Finish();
    if (HasFatalFailure()) return;
    // The lines are mended.
    std::string records;
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(ReadFile(dead_letter_), '\n', absl::SkipEmpty()))) {
      auto record = nlohmann::json::parse(line);
      const int number = record.at("line").get<int>();
      record["row"] = absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", number, R"(,"line":)", number, "}");
      input_.table[number] = number;
      records += record.dump() + "\n";
    }
    File(dead_letter_, records);
    environment_["BQCDC_FAILPOINT"] = point;
    EXPECT_EQ(Run({"dead-letter", "retry", dead_letter_}).exit_code, kKilled);
    environment_.erase("BQCDC_FAILPOINT");
    const ProgramResult again = Run({"dead-letter", "retry", dead_letter_});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(ReadFile(dead_letter_), "");
    EXPECT_EQ(ReadTable(), input_.table);
  }
}

}  // namespace
}  // namespace bqcdc::faults
