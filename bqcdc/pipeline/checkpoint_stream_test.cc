// Runs that keep a checkpoint, against fakes: what they write down, and where the next one goes on.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/pipeline/dead_letter_retry.h"
#include "bqcdc/pipeline/resume.h"
#include "bqcdc/pipeline/stream.h"
#include "bqcdc/pipeline/testing/input_pipe.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "bqcdc/write/testing/fake_write_service.h"

namespace bqcdc::pipeline {
namespace {

using checkpoint::Checkpoint;
using checkpoint::CheckpointFile;
using rest::testing::FakeRestService;
using write::testing::FakeWriteService;
using write::testing::Reply;
using write::testing::SeenRequest;

constexpr char kTable[] = "p.d.t";

class CheckpointStreamTest : public ::testing::Test {
 protected:
  CheckpointStreamTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "resume-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    options_.table = {"p", "d", "t"};
    options_.dead_letter_path = directory_ + "/dead.jsonl";
    options_.checkpoint_interval = absl::Milliseconds(1);
    rest_.PutTable(kTable, {});
  }
  ~CheckpointStreamTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << text;
    return directory_ + "/" + name;
  }
  static std::string Upsert(int id, const std::string& more = "") {
    return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":"n")", more, "}\n");
  }
  static std::string Upserts(int from, int to) {
    std::string text;
    for (int id = from; id <= to; ++id) text += Upsert(id);
    return text;
  }
  static std::string Own(int id, int number) {
    return Upsert(id, absl::StrCat(R"(,"_CHANGE_SEQUENCE_NUMBER":")", absl::Hex(number), "\""));
  }
  std::string CheckpointPath() const { return directory_ + "/checkpoint"; }

  StreamOutcome Stream(FakeWriteService& service, const std::vector<std::string>& paths) {
    StreamOptions options = options_;
    options.encode_threads = 2;
    auto file = CheckpointFile::Open(CheckpointPath());
    StreamOutcome outcome;
    outcome.status = file.status();
    if (!outcome.status.ok()) return outcome;
    options.input.checkpointed = true;
    if (file->loaded().has_value()) outcome.status = GoOnFrom(*file->loaded(), paths, options.input);
    if (!outcome.status.ok()) return outcome;
    StopSignal own;  // A run that fails requests it.
    StopSignal& stop = follows_ ? stop_ : own;
    auto reader = LineReader::Open(paths, stop, options.input);
    outcome.status = reader.status();
    if (!outcome.status.ok()) return outcome;
    StreamSurroundings surroundings;
    surroundings.client = &client_;
    surroundings.channels = [&service] { return write::MakeLocalChannel(service.target()); };
    surroundings.clock = &base::SystemClock::Get();
    surroundings.stop = &stop;
    surroundings.checkpoint = &*file;
    return StreamChanges(options, std::move(surroundings), *std::move(reader));
  }
  Checkpoint Load() const {
    const auto file = CheckpointFile::Open(CheckpointPath());
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() && file->loaded().has_value() ? *file->loaded() : Checkpoint{};
  }
  // As a process that is killed leaves it: what was settled after this point is not in it.
  std::string CopyOfCheckpoint() const {
    std::ifstream file(CheckpointPath());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  std::vector<nlohmann::json> DeadLetters() const {
    std::ifstream stream(options_.dead_letter_path);
    std::vector<nlohmann::json> records;
    for (std::string line; std::getline(stream, line);) records.push_back(nlohmann::json::parse(line));
    return records;
  }

  std::string directory_;
  FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{
      {.base_url = "http://fake", .project = "p", .pause_first = absl::Milliseconds(1)},
      rest_,
      no_token_,
      base::SystemClock::Get()};
  StopSignal stop_;  // of runs that follow
  bool follows_ = false;
  StreamOptions options_;
};

TEST_F(CheckpointStreamTest, ARunThatHasEndedLeavesNothingToDo) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::vector<std::string> files = {File("a", Upserts(1, 3) + "\n"), File("b", Upserts(4, 5) + "\n\n")};
  const StreamOutcome first = Stream(service, files);
  ASSERT_TRUE(first.status.ok()) << first.status;
  const Checkpoint checkpoint = Load();
  EXPECT_EQ(checkpoint.table, "p.d.t");
  EXPECT_EQ(checkpoint.epoch, first.summary.epoch);
  EXPECT_EQ(checkpoint.owner, rest_.GetTable(kTable).labels.at("bqcdc_owner"));
  EXPECT_EQ(checkpoint.sequence, "assigned");
  EXPECT_EQ(checkpoint.sequence_line, 1u);
  EXPECT_EQ(checkpoint.line, 8u);
  EXPECT_EQ(checkpoint.input, 1u);
  EXPECT_EQ(checkpoint.offset, std::filesystem::file_size(files[1]));
  EXPECT_EQ(checkpoint.inputs[0].bytes, std::filesystem::file_size(files[0]));
  EXPECT_EQ(checkpoint.upserts, 5);
  EXPECT_TRUE(checkpoint.ended);
  const std::string owner = checkpoint.owner;

  const StreamOutcome second = Stream(service, files);
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.summary.rows(), 0);
  EXPECT_EQ(second.summary.lines, 8u);
  EXPECT_EQ(second.summary.lines_before, 8u);
  EXPECT_EQ(service.stored_rows().size(), 5u);
  EXPECT_TRUE(Load().ended);
  // Without a row the table is left to whoever has it.
  EXPECT_EQ(rest_.GetTable(kTable).labels.at("bqcdc_owner"), owner);
}

TEST_F(CheckpointStreamTest, TheEpochIsOnDiskBeforeTheFirstRowIsSent) {
  std::vector<Checkpoint> seen;
  FakeWriteService service([&](const SeenRequest&) {
    const auto checkpoint = checkpoint::ParseCheckpoint(CopyOfCheckpoint(), "C");
    if (checkpoint.ok()) seen.push_back(*checkpoint);
    return Reply::Ok();
  });
  options_.checkpoint_interval = absl::Hours(1);
  const StreamOutcome outcome = Stream(service, {File("in", Upserts(1, 1))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].epoch, outcome.summary.epoch);
  EXPECT_EQ(seen[0].sequence, "assigned");
  EXPECT_EQ(seen[0].line, 0u);
}

TEST_F(CheckpointStreamTest, GoesOnBehindTheSettledPrefixWithTheSameNumbers) {
  // The third request fails for good: two batches of 10 are settled.
  int requests = 0;
  FakeWriteService failing([&](const SeenRequest&) {
    return ++requests < 3 ? Reply::Ok() : Reply::Refuse(absl::UnauthenticatedError("no more"));
  });
  options_.batch.batch_rows = 10;
  options_.requests_in_flight_max = 1;
  options_.connections_max = 1;
  const std::string file = File("in", Upserts(1, 50));
  const StreamOutcome first = Stream(failing, {file});
  ASSERT_FALSE(first.status.ok());
  EXPECT_EQ(Load().line, 20u);
  EXPECT_FALSE(Load().ended);

  FakeWriteService whole([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome second = Stream(whole, {file});
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.summary.lines_before, 20u);
  EXPECT_EQ(second.summary.rows(), 30);
  EXPECT_EQ(second.summary.epoch, Load().epoch);
  FakeWriteService reference([](const SeenRequest&) { return Reply::Ok(); });
  std::filesystem::remove(CheckpointPath());
  options_.resume_epoch = second.summary.epoch;
  const StreamOutcome all = Stream(reference, {file});
  ASSERT_TRUE(all.status.ok()) << all.status;
  std::vector<std::string> sent = failing.stored_rows();
  for (const std::string& row : whole.stored_rows()) sent.push_back(row);
  EXPECT_EQ(sent, reference.stored_rows());
}

TEST_F(CheckpointStreamTest, ReadingNeverGoesFurtherAheadOfTheCheckpointThanAWindow) {
  std::uint64_t ahead_most = 0, sent = 0;
  FakeWriteService service([&](const SeenRequest& request) {
    sent += request.rows.size();
    const auto checkpoint = checkpoint::ParseCheckpoint(CopyOfCheckpoint(), "C");
    if (checkpoint.ok()) ahead_most = std::max(ahead_most, sent - checkpoint->line);
    return Reply::Ok();
  });
  options_.checkpoint_interval = absl::Hours(1);  // Only where reading waits for it.
  options_.batch.batch_rows = 5;
  options_.requests_in_flight_max = 4;
  options_.connections_max = 1;
  const StreamOutcome outcome = Stream(service, {File("in", Upserts(1, 400))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 400);
  EXPECT_LE(ahead_most, 20u);
  EXPECT_GT(ahead_most, 5u);
}

TEST_F(CheckpointStreamTest, AFileThatHasGrownIsReadOn) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 3));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  std::ofstream(file, std::ios::app) << Upserts(4, 5);
  const StreamOutcome second = Stream(service, {file});
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.summary.rows(), 2);
  EXPECT_EQ(service.stored_rows().size(), 5u);
}

TEST_F(CheckpointStreamTest, RefusesAnotherInput) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 30));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  const auto refused = [&](const std::vector<std::string>& paths, const std::string& why) {
    const absl::Status status = Stream(service, paths).status;
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << why;
    EXPECT_TRUE(absl::StrContains(status.message(), why)) << status;
  };
  refused({File("other", Upserts(2, 31))}, "is another file, or was written anew");
  refused({File("short", Upserts(1, 29))}, "was truncated or is another file");
  refused({file, file}, "was 1 files and is 2");
  refused({"-"}, "is a pipe and was a file");
  // The same bytes under another name and inode number are the same input.
  EXPECT_TRUE(Stream(service, {File("copy", Upserts(1, 30))}).status.ok());
  EXPECT_EQ(service.stored_rows().size(), 30u);
}

TEST_F(CheckpointStreamTest, RefusesAFileThatWasWrittenAnewBehindItsBeginning) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string begin = Upserts(1, 2000);  // More than is hashed of the beginning.
  ASSERT_GT(begin.size(), checkpoint::kHeadBytesMax);
  const std::string file = File("in", begin + Upserts(1, 100));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  File("in", begin + Upserts(2, 200));
  const absl::Status status = Stream(service, {file}).status;
  EXPECT_TRUE(absl::StrContains(status.message(), "was written anew")) << status;
}

TEST_F(CheckpointStreamTest, RefusesToGoOnWithinALine) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 2) + R"({"_CHANGE_TYPE":"DELETE","id":7})");
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  std::ofstream(file, std::ios::app) << "   \n" << Upserts(8, 8);
  const absl::Status status = Stream(service, {file}).status;
  EXPECT_TRUE(absl::StrContains(status.message(), "has grown within line 3")) << status;
}

TEST_F(CheckpointStreamTest, RefusesFilesThatGrewAfterTheyWerePassed) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string a = File("a", Upserts(1, 2)), b = File("b", Upserts(3, 4));
  ASSERT_TRUE(Stream(service, {a, b}).status.ok());
  std::ofstream(a, std::ios::app) << Upserts(9, 9);
  const absl::Status status = Stream(service, {a, b}).status;
  EXPECT_TRUE(absl::StrContains(status.message(), "when it was read to its end")) << status;
}

TEST_F(CheckpointStreamTest, RefusesAnotherTableAndOneThatWasCreatedAgain) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 3));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  rest_.PutTable("p.d.u", {});
  options_.table.table = "u";
  EXPECT_TRUE(absl::StrContains(Stream(service, {file}).status.message(),
                                "the checkpoint is of table p.d.t, not of p.d.u"));
  options_.table.table = "t";
  rest_.PutTable(kTable, {.creation_time_ms = 2000});
  const absl::Status status = Stream(service, {file}).status;
  EXPECT_TRUE(absl::StrContains(status.message(), "was created again since the checkpoint")) << status;
}

TEST_F(CheckpointStreamTest, RefusesATableThatALaterRunHasTaken) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 3));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_epoch"] = "9000000000000000000"; });
  std::ofstream(file, std::ios::app) << Upserts(4, 4);
  const absl::Status status = Stream(service, {file}).status;
  EXPECT_TRUE(absl::StrContains(status.message(), "was last written by epoch 9000000000000000000")) << status;
}

TEST_F(CheckpointStreamTest, AnEpochThatWasNeverUsedIsGivenUp) {
  // Killed before the first row: nothing was sent, and another run came in between.
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  ASSERT_TRUE(Stream(service, {File("in", "")}).status.ok());
  EXPECT_EQ(Load().sequence, "undecided");
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_epoch"] = "9000000000000000000"; });
  std::ofstream(directory_ + "/in", std::ios::app) << Upserts(1, 1);
  const StreamOutcome second = Stream(service, {directory_ + "/in"});
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.summary.epoch, 9000000000000000001u);
  EXPECT_EQ(Load().epoch, 9000000000000000001u);
}

TEST_F(CheckpointStreamTest, AClaimThatFailsSettlesNothing) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_sequence"] = "own"; });
  const StreamOutcome outcome = Stream(service, {File("in", "{bad\n" + Upserts(1, 3))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "mixing both")) << outcome.status;
  EXPECT_EQ(Load().line, 0u);
  EXPECT_FALSE(std::filesystem::exists(options_.dead_letter_path));
  EXPECT_EQ(service.call_count(), 0);
}

TEST_F(CheckpointStreamTest, ALineWithoutNumberInAResumedRunOfOwnOnesIsRefused) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", "{bad\n" + Own(1, 1) + Own(2, 2));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  EXPECT_EQ(Load().sequence, "own");
  EXPECT_EQ(Load().sequence_line, 2u);
  std::ofstream(file, std::ios::app) << Upserts(3, 3);
  const absl::Status status = Stream(service, {file}).status;
  EXPECT_EQ(
      status.message(),
      "line 4 brings no _CHANGE_SEQUENCE_NUMBER, line 2 does; either every line of a run brings one or none "
      "does");
  EXPECT_EQ(Load().line, 3u);
}

TEST_F(CheckpointStreamTest, AnOldCheckpointOfARunThatBrokeOffWantsForce) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upserts(1, 3));
  ASSERT_TRUE(Stream(service, {file}).status.ok());
  Checkpoint left = Load();
  EXPECT_TRUE(left.drained);
  const auto stream_from = [&](absl::Duration age) {
    left.written_at = absl::Now() - age;
    std::ofstream(CheckpointPath()) << FormatCheckpoint(left);
    return Stream(service, {file}).status;
  };
  EXPECT_TRUE(stream_from(absl::Hours(1000)).ok()) << "nothing was under way";
  left.drained = false;
  EXPECT_TRUE(stream_from(absl::Hours(39)).ok());
  EXPECT_TRUE(absl::StartsWith(
      stream_from(absl::Hours(41)).message(),
      "the checkpoint was last written 41h ago by a run that did not end in order: what it had sent would be "
      "sent again with its old numbers, which the service may have forgotten after 40h"));
  options_.replay_old = true;
  EXPECT_TRUE(stream_from(absl::Hours(41)).ok());
}

// However often lines are settled again, each bad one is one record.
TEST_F(CheckpointStreamTest, BadLinesThatAreReadAgainStayOneRecordEach) {
  for (const bool own : {false, true}) {
    std::filesystem::remove(options_.dead_letter_path);
    std::filesystem::remove(CheckpointPath());
    rest_.PutTable(kTable, {});
    FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
    std::string text = "{bad one\n{bad two\n";
    for (int i = 1; i <= 20; ++i) text += (own ? Own(i, i) : Upsert(i)) + "{bad again\n";
    const std::string file = File("in", text);
    std::string at_first;
    rest_.on_request = [&](const http::Request& request) {
      if (request.method == "PATCH" && at_first.empty()) at_first = CopyOfCheckpoint();
    };
    ASSERT_TRUE(Stream(service, {file}).status.ok());
    rest_.on_request = nullptr;
    ASSERT_EQ(DeadLetters().size(), 22u);
    // Killed between the claim and the checkpoint that follows it; then with that one and nothing settled.
    const Checkpoint last = Load();
    ASSERT_FALSE(at_first.empty());
    std::ofstream(CheckpointPath()) << at_first;
    ASSERT_TRUE(Stream(service, {file}).status.ok());
    EXPECT_EQ(DeadLetters().size(), 22u) << "own " << own;
    Checkpoint decided = *checkpoint::ParseCheckpoint(at_first, "C");
    decided.sequence = last.sequence;
    decided.sequence_line = last.sequence_line;
    std::ofstream(CheckpointPath()) << FormatCheckpoint(decided);
    ASSERT_TRUE(Stream(service, {file}).status.ok());
    EXPECT_EQ(DeadLetters().size(), 22u) << "own " << own;
  }
}

TEST_F(CheckpointStreamTest, APipeRepeatsItsOutputAndWhatWasSettledIsLeftOut) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const auto stream_pipe = [&](const std::string& text) {
    testing::InputPipe input;
    // A reader that stops early leaves the rest in the pipe, which takes 64 KiB.
    EXPECT_LT(text.size(), 65536u);
    input.Write(text);
    input.End();
    return Stream(service, {input.path()});
  };
  signal(SIGPIPE, SIG_IGN);
  const std::string begin = Upserts(1, 500) + "\n" + std::string(300, ' ') + "\n";
  ASSERT_TRUE(stream_pipe(begin).status.ok());
  EXPECT_EQ(Load().line, 502u);
  EXPECT_EQ(Load().offset, begin.size());

  const StreamOutcome more = stream_pipe(begin + Upserts(501, 510));
  ASSERT_TRUE(more.status.ok()) << more.status;
  EXPECT_EQ(more.summary.rows(), 10);
  EXPECT_EQ(more.summary.lines, 512u);

  const StreamOutcome other = stream_pipe(Upserts(2, 700));
  EXPECT_TRUE(absl::StrContains(other.status.message(), "is another input")) << other.status;
  const StreamOutcome shorter = stream_pipe(Upserts(1, 100));
  EXPECT_TRUE(absl::StrContains(shorter.status.message(), "before the")) << shorter.status;
  EXPECT_EQ(service.stored_rows().size(), 510u);
}

TEST_F(CheckpointStreamTest, AFollowedLogThatWasRotatedMeanwhileIsFoundAgain) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.input.follow = true;
  follows_ = true;
  options_.input.follow_interval = absl::Milliseconds(1);
  options_.batch.flush_interval = absl::Milliseconds(1);
  const std::string log = File("app.log", Upserts(1, 3));
  // Each run ends when so many rows are stored.
  const auto follow = [&](std::size_t rows) {
    std::thread stopper([&] {
      const absl::Time deadline = absl::Now() + absl::Seconds(20);
      while (service.stored_rows().size() < rows && absl::Now() < deadline)
        absl::SleepFor(absl::Milliseconds(1));
      stop_.Request();
    });
    StreamOutcome outcome;
    outcome = Stream(service, {log});
    stopper.join();
    return outcome;
  };
  ASSERT_TRUE(follow(3).status.ok());
  EXPECT_EQ(Load().line, 3u);
  EXPECT_TRUE(Load().follow);

  // stop_ stays requested: a run that only opens, and says what is wrong.
  std::ofstream(log, std::ios::app) << Upserts(4, 5);
  std::filesystem::rename(log, directory_ + "/app.log.1");
  File("app.log", Upserts(6, 6));
  LineReaderOptions resumed;
  resumed.follow = true;
  ASSERT_TRUE(GoOnFrom(Load(), {log}, resumed).ok());
  StopSignal running;
  auto reader = LineReader::Open({log}, running, resumed);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::vector<std::uint64_t> numbers;
  InputLine line;
  while (numbers.size() < 3 &&
         reader->ReadLine(absl::Now() + absl::Seconds(20), &line) == LineReader::Next::kLine)
    numbers.push_back(line.number);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{4, 5, 6}));

  std::filesystem::remove(directory_ + "/app.log.1");
  const absl::Status lost = GoOnFrom(Load(), {log}, resumed);
  EXPECT_TRUE(absl::StrContains(lost.message(), "its lines after line 3 are lost")) << lost;
}

// Retry.

class DeadLetterRetryTest : public CheckpointStreamTest {
 protected:
  // Rows named "n" are refused as long as `refusing_` is set.
  Reply Answer(const SeenRequest& request) {
    std::vector<write::RowError> errors;
    for (std::size_t i = 0; i < request.rows.size() && refusing_; ++i)
      errors.push_back({static_cast<std::int64_t>(i), refusal_});
    if (errors.empty()) return Reply::Ok();
    return Reply::Refuse(absl::InvalidArgumentError("Errors found while processing rows."), errors);
  }
  DeadLetterRetryOutcome Retry(FakeWriteService& service, absl::Duration later = absl::ZeroDuration(),
                               bool force = false) {
    const base::ManualClock clock(absl::Now() + later);
    DeadLetterRetryOptions options;
    options.force = force;
    DeadLetterRetrySurroundings surroundings;
    surroundings.client = &client_;
    surroundings.channels = [&service] { return write::MakeLocalChannel(service.target()); };
    surroundings.clock =
        later == absl::ZeroDuration() ? static_cast<const base::Clock*>(&base::SystemClock::Get()) : &clock;
    auto file = checkpoint::DeadLetterReader::Open(options_.dead_letter_path);
    if (!file.ok()) return {file.status(), {}};
    return RetryDeadLetters(options, surroundings, *file);
  }
  void SetRowsAside(FakeWriteService& service, int count) {
    refusing_ = true;
    const StreamOutcome outcome = Stream(service, {File("in", Upserts(1, count))});
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    ASSERT_EQ(outcome.summary.set_aside, count);
    epoch_ = outcome.summary.epoch;
    refusing_ = false;
  }

  std::atomic<bool> refusing_{false};
  std::string refusal_ = "no good";  // not while rows are sent
  std::uint64_t epoch_ = 0;
};

TEST_F(DeadLetterRetryTest, SendsRowsWithTheirOldNumbersAndTakesThemOut) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 3);
  const std::string owner = rest_.GetTable(kTable).labels.at("bqcdc_owner");
  const DeadLetterRetryOutcome outcome = Retry(service);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.written, 3);
  EXPECT_TRUE(DeadLetters().empty());
  EXPECT_EQ(rest_.GetTable(kTable).labels.at("bqcdc_owner"), owner);
  // The bytes are those that the stream would have sent.
  FakeWriteService reference([](const SeenRequest&) { return Reply::Ok(); });
  std::filesystem::remove(CheckpointPath());
  options_.resume_epoch = epoch_;
  ASSERT_TRUE(Stream(reference, {directory_ + "/in"}).status.ok());
  EXPECT_EQ(service.stored_rows(), reference.stored_rows());
}

TEST_F(DeadLetterRetryTest, RowsThatFailAgainStayWithTheirNewReason) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 2);
  auto records = DeadLetters();
  records[0]["row"] = R"({"_CHANGE_TYPE":"UPSERT","id":null})";
  {
    std::ofstream file(options_.dead_letter_path);
    for (const auto& record : records) file << record.dump() << "\n";
  }
  DeadLetterRetryOutcome outcome = Retry(service);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.written, 1);
  EXPECT_EQ(outcome.summary.failed_again, 1);
  ASSERT_EQ(DeadLetters().size(), 1u);
  EXPECT_EQ(DeadLetters()[0]["reason"], "null_key");
  EXPECT_EQ(DeadLetters()[0]["column"], "id");
  EXPECT_EQ(DeadLetters()[0]["set_aside_at"], records[0]["set_aside_at"]);
  refusing_ = true;
  records[0]["row"] = R"({"_CHANGE_TYPE":"UPSERT","id":1})";
  std::ofstream(options_.dead_letter_path) << records[0].dump() << "\n";
  refusal_ = "no good on field name.";
  outcome = Retry(service);
  EXPECT_EQ(outcome.summary.failed_again, 1);
  EXPECT_EQ(DeadLetters()[0]["message"], refusal_);
  EXPECT_EQ(DeadLetters()[0]["column"], "name");
}

TEST_F(DeadLetterRetryTest, RowsThatAreTooOldStayUnlessForced) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 2);
  DeadLetterRetryOutcome outcome = Retry(service, absl::Hours(40) + absl::Minutes(1));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.too_old, 2);
  EXPECT_EQ(DeadLetters().size(), 2u);
  EXPECT_TRUE(service.stored_rows().empty());
  EXPECT_EQ(Retry(service, absl::Hours(39)).summary.written, 2);
}

TEST_F(DeadLetterRetryTest, RowsOfATableThatWasCreatedAgainStayUnlessForced) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 2);
  rest_.PutTable(kTable, {.creation_time_ms = 2000});
  DeadLetterRetryOutcome outcome = Retry(service);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.of_other_table, 2);
  EXPECT_EQ(DeadLetters().size(), 2u);
  outcome = Retry(service, absl::ZeroDuration(), /*force=*/true);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.written, 2);
}

TEST_F(DeadLetterRetryTest, RefusesWhereTheLabelsWereLost) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 2);
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_epoch"] = "5"; });
  const DeadLetterRetryOutcome outcome = Retry(service);
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "was last written by epoch 5")) << outcome.status;
  EXPECT_EQ(outcome.summary.not_tried, 2);
  EXPECT_EQ(DeadLetters().size(), 2u);
}

TEST_F(DeadLetterRetryTest, ALaterRunOfTheTableDoesNotStopIt) {
  FakeWriteService service([this](const SeenRequest& request) { return Answer(request); });
  SetRowsAside(service, 2);
  rest_.ChangeTable(kTable, [](auto& table) {
    table.labels["bqcdc_epoch"] = "9000000000000000000";
    table.labels["bqcdc_owner"] = "other";
  });
  const DeadLetterRetryOutcome outcome = Retry(service);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.written, 2);
  EXPECT_EQ(rest_.GetTable(kTable).labels.at("bqcdc_epoch"), "9000000000000000000");
}

}  // namespace
}  // namespace bqcdc::pipeline
