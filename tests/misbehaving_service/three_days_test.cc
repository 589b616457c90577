#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/checkpoint/dead_letter_reader.h"
#include "bqcdc/credentials/cached_tokens.h"
#include "bqcdc/pipeline/dead_letter_retry.h"
#include "bqcdc/pipeline/stream.h"
#include "bqcdc/write/storage_channel.h"
#include "tests/misbehaving_service/misbehaving_service.h"
#include "tests/misbehaving_service/served_table.h"

// Three days of a stream with few rows, on one driven clock for the writer and the service: calls are closed
// after minutes without a request, access tokens live for an hour, the service forgets deletes and numbers
// after 48 hours, and dead letters may be tried again for 40.
namespace bqcdc::misbehaving {
namespace {

constexpr char kTable[] = "p.d.t";
constexpr absl::Duration kWhole = absl::Hours(72);
constexpr absl::Duration kTokenLife = absl::Hours(1);
// A test ends whose clock stands for so long of the machine's time, or jumps on and on.
constexpr absl::Duration kStandsStill = absl::Seconds(60);
constexpr std::int64_t kJumpsMax = 1'000'000;
// A key that is set aside in the first hours, deleted after and left alone; and one with no delete.
constexpr std::int64_t kDeletedSince = 900, kSetAsideLate = 901;

// Tokens whose text is the time of their end, as Unix seconds.
class HourlyTokens final : public credentials::TokenFetcher {
 public:
  explicit HourlyTokens(std::atomic<int>& fetches) : fetches_(fetches) {}
  absl::StatusOr<credentials::FetchedToken> Fetch(absl::Time now) override {
    ++fetches_;
    const absl::Time expires = now + kTokenLife;
    return credentials::FetchedToken{absl::StrCat(absl::ToUnixSeconds(expires)), expires};
  }

 private:
  std::atomic<int>& fetches_;
};

// The parameter: after how many minutes without a request the service closes a call. The writer itself closes
// those of its connections that were idle for five.
class ThreeDays : public ::testing::TestWithParam<int> {
 protected:
  struct Line {
    absl::Duration at;
    std::string text;
    oracle::Row row;
    bool unfit = false;
  };

  ThreeDays() : directory_((std::filesystem::temp_directory_path() / "three-days-XXXXXX").string()) {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
    clock_.OnOverrun({kStandsStill, kJumpsMax}, [] {
      std::fputs("stands still\n", stderr);
      std::abort();
    });
    rest::testing::FakeRestService::Table table;
    table.schema_fields = kSchemaFields;
    rest_.PutTable(kTable, table);
    rest_.on_request = [this](const http::Request& request) {
      clock_.Tick();
      for (const auto& [name, value] : request.headers) {
        if (absl::AsciiStrToLower(name) != "authorization") continue;
        ++rest_shown_;
        if (!Accepts(value)) ++rest_refusals_;
      }
    };
    Script script;
    script.seed = 1;
    script.habits.idle_close = absl::Minutes(GetParam());
    script.habits.shuffles_rows = true;
    script.habits.forgets_numbers = true;
    service_ = std::make_unique<MisbehavingService>(script, clock_, rest_);
    service_->SetAuthorization([this](const std::string& authorization) {
      ++calls_shown_;
      return Accepts(authorization);
    });
  }
  ~ThreeDays() override { std::filesystem::remove_all(directory_); }

  // The service looks at its clock, which is ours.
  bool Accepts(absl::string_view authorization) const {
    std::int64_t expires = 0;
    return absl::ConsumePrefix(&authorization, "Bearer ") && absl::SimpleAtoi(authorization, &expires) &&
           clock_.Now() < absl::FromUnixSeconds(expires);
  }

  void Add(absl::Duration at, std::int64_t id, bool deletes, bool unfit) {
    Line line;
    line.at = at;
    line.unfit = unfit;
    line.row.key.id = id;
    line.row.operation = deletes ? oracle::Operation::kDelete : oracle::Operation::kUpsert;
    if (!deletes) {
      line.row.value = static_cast<std::int64_t>(lines_.size()) + 1;
      line.row.note = unfit ? "unfit" : "n";
    }
    line.text = deletes ? absl::StrCat(R"({"_CHANGE_TYPE":"DELETE","id":)", id, "}\n")
                        : absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"value":)",
                                       line.row.value, R"(,"note":")", *line.row.note, "\"}\n");
    lines_.push_back(std::move(line));
  }

  // Rows seconds to half an hour apart, over three days.
  void MakeLines(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    bool early = false, deleted = false, late = false;
    for (absl::Duration at = absl::Seconds(1); at < kWhole;) {
      Add(at, static_cast<std::int64_t>(random() % 20), random() % 4 == 0, false);
      if (!early && at > absl::Hours(1)) Add(at, kDeletedSince, false, early = true);
      if (!deleted && at > absl::Hours(3)) Add(at, kDeletedSince, deleted = true, false);
      if (!late && at > absl::Hours(40)) Add(at, kSetAsideLate, false, late = true);
      at += absl::Seconds(random() % 3 == 0 ? 1 + random() % 60 : 60 + random() % 1740);
    }
  }

  // The good changes in their order; `mended` = rows that were refused and are good now.
  oracle::View Expected(const std::map<std::int64_t, std::string>& mended) const {
    oracle::CdcOracle oracle(oracle::Shape::kSingleKey, 0, {});
    std::int64_t time = 1;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      oracle::Row row = lines_[i].row;
      row.sequence = absl::StrCat("1/", absl::AsciiStrToUpper(absl::StrCat(absl::Hex(i + 1))));
      if (lines_[i].unfit) {
        const auto found = mended.find(*row.key.id);
        if (found == mended.end()) continue;
        row.note = found->second;
      }
      oracle.Append({row}, time++);
    }
    return oracle.Expected(time);
  }

  void AwaitTime(absl::Time time) {
    absl::Mutex mutex;
    const auto never = [] { return false; };
    absl::MutexLock lock(&mutex);
    clock_.AwaitWithDeadline(mutex, absl::Condition(&never), time);
  }

  // Writes each line when its time has come, and the next once it is settled.
  void Feed(const std::string& path) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const absl::Time time = start_ + lines_[i].at;
      while (clock_.Now() < time) {
        // Nothing is under way, so the clock may stride; the service, too, tells it when it may not.
        clock_.ExpectNothingBefore(time);
        AwaitTime(std::min(time, clock_.Now() + absl::Seconds(30)));
      }
      clock_.ExpectNothingBefore(absl::InfinitePast());
      clock_.Hold();  // The pipe is read in the machine's time.
      ASSERT_EQ(::write(fd, lines_[i].text.data(), lines_[i].text.size()),
                static_cast<ssize_t>(lines_[i].text.size()));
      absl::SleepFor(absl::Microseconds(200));
      clock_.Release();
      while (settled_.load() < static_cast<std::int64_t>(i) + 1)
        AwaitTime(clock_.Now() + absl::Milliseconds(300));
    }
    close(fd);
  }

  write::StorageChannel MakeChannel() {
    return write::MakeLocalChannel(service_->target(), [this] { return tokens_.Token(); });
  }

  pipeline::StreamOutcome Stream() {
    const std::string path = directory_ + "/input";
    if (mkfifo(path.c_str(), 0600) != 0) std::abort();
    std::thread feeder([&] { Feed(path); });
    pipeline::StreamOptions options;
    options.table = {"p", "d", "t"};
    options.dead_letter_path = directory_ + "/dead.jsonl";
    pipeline::StopSignal stop;
    pipeline::StreamSurroundings surroundings;
    surroundings.client = &client_;
    surroundings.channels = [this]() -> absl::StatusOr<write::StorageChannel> { return MakeChannel(); };
    surroundings.clock = &clock_;
    surroundings.stop = &stop;
    surroundings.on_progress = [this](const pipeline::StreamSummary& summary, const auto&) {
      settled_ = summary.rows() + summary.set_aside;
    };
    auto reader = pipeline::LineReader::Open({path}, stop, options.input);
    if (!reader.ok()) std::abort();
    pipeline::StreamOutcome outcome =
        pipeline::StreamChanges(options, std::move(surroundings), *std::move(reader));
    feeder.join();
    return outcome;
  }

  // Someone mends the file: notes that the service takes.
  void MendDeadLetters() {
    const std::string path = directory_ + "/dead.jsonl";
    std::ifstream in(path);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t at; (at = text.find("unfit\\\"")) != std::string::npos;) text.replace(at, 5, "mended");
    std::ofstream(path, std::ios::trunc) << text;
  }

  pipeline::DeadLetterRetryOutcome Retry(bool force) {
    auto file = checkpoint::DeadLetterReader::Open(directory_ + "/dead.jsonl");
    if (!file.ok()) std::abort();
    pipeline::StopSignal stop;
    pipeline::DeadLetterRetryOptions options;
    options.force = force;
    pipeline::DeadLetterRetrySurroundings surroundings;
    surroundings.client = &client_;
    surroundings.channels = [this]() -> absl::StatusOr<write::StorageChannel> { return MakeChannel(); };
    surroundings.clock = &clock_;
    surroundings.stop = &stop;
    return pipeline::RetryDeadLetters(options, surroundings, *file);
  }

  std::string directory_;
  const absl::Time start_ = absl::FromUnixSeconds(1'790'000'000);
  IdleClock clock_{start_};
  rest::testing::FakeRestService rest_;
  std::atomic<int> token_fetches_{0}, rest_shown_{0}, rest_refusals_{0}, calls_shown_{0};
  credentials::CachedTokens tokens_{std::make_unique<HourlyTokens>(token_fetches_), clock_, "the test"};
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p"}, rest_, tokens_, clock_};
  std::unique_ptr<MisbehavingService> service_;
  std::vector<Line> lines_;
  std::atomic<std::int64_t> settled_{0};
};

TEST_P(ThreeDays, IdleClosesTokensAndDeadLetters) {
  MakeLines(base::TestSeed());
  const pipeline::StreamOutcome outcome = Stream();
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_GE(clock_.Now(), start_ + kWhole - absl::Minutes(31));
  EXPECT_EQ(outcome.summary.set_aside, 2);
  EXPECT_EQ(outcome.summary.rows(), static_cast<std::int64_t>(lines_.size()) - 2);
  EXPECT_EQ(service_->Show(kTable), Expected({}));

  const Journal journal = service_->journal();
  for (const std::string& fault : journal.protocol_faults) ADD_FAILURE() << fault;
  std::cout << lines_.size() << " rows, " << journal.calls.size() << " calls, " << journal.idle_closes
            << " closed as idle, " << token_fetches_ << " tokens\n";
  EXPECT_GE(journal.calls.size(), 100u);
  if (GetParam() > 5) {
    // The writer comes first, but for a clock that jumped five minutes while a busy machine held the writer
    // up.
    EXPECT_LE(journal.idle_closes, 3);
  } else {
    EXPECT_GE(journal.idle_closes, 100);
  }
  // Both are shown tokens all along, never one that has expired, and an hour's worth is asked for once.
  EXPECT_EQ(calls_shown_, static_cast<int>(journal.calls.size()));
  EXPECT_GE(rest_shown_, 72);
  EXPECT_FALSE(Accepts(absl::StrCat("Bearer ", absl::ToUnixSeconds(clock_.Now())))) << "one that has expired";
  EXPECT_EQ(journal.unauthenticated_calls, 0);
  EXPECT_EQ(rest_refusals_, 0);
  EXPECT_GE(token_fetches_, 60);
  EXPECT_LE(token_fetches_, 90);

  // 69 hours old and deleted since: it stays. 32 hours old: it is written.
  MendDeadLetters();
  const pipeline::DeadLetterRetryOutcome retried = Retry(false);
  EXPECT_TRUE(retried.status.ok()) << retried.status;
  EXPECT_EQ(retried.summary.too_old, 1);
  EXPECT_EQ(retried.summary.written, 1);
  EXPECT_EQ(service_->Show(kTable), Expected({{kSetAsideLate, "mended"}}));

  // Why there is a limit: the service has forgotten the delete, so the old row comes back.
  const pipeline::DeadLetterRetryOutcome forced = Retry(true);
  EXPECT_TRUE(forced.status.ok()) << forced.status;
  EXPECT_EQ(forced.summary.written, 1);
  EXPECT_EQ(service_->Show(kTable).size(), Expected({{kSetAsideLate, "mended"}}).size() + 1);
}

INSTANTIATE_TEST_SUITE_P(ServiceClosesAfterMinutes, ThreeDays, ::testing::Values(10, 3),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace bqcdc::misbehaving
