#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/base/testing/sanitizer_factors.h"
#include "tests/end_to_end/scenario.h"

// Changes at full rate into a server that is killed, falls silent, or is shut down and comes back: nothing is
// lost, and the streamer's memory stays where it is, however long that goes on.
namespace bqcdc::end_to_end {
namespace {

constexpr int kKeys = 20'000;
constexpr absl::Duration kBetweenFaults = absl::Seconds(5);
constexpr absl::Duration kSilence = absl::Seconds(2);
constexpr int kFaultKinds = 3;
constexpr absl::Duration kSample = absl::Milliseconds(200);
constexpr std::int64_t kMemoryMaxKiB = 128 * 1024 * base::kSanitizerMemoryFactor;

std::int64_t ResidentKiB(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, "VmRSS:")) return std::atoll(line.c_str() + 6);
  }
  return 0;
}

class Soak : public Scenario {
 protected:
  Soak() {
    environment_["BIGQUERY_EMULATOR_HOST"] = "http://127.0.0.1:" + http_;
    environment_["GOOGLE_CLOUD_PROJECT"] = "p";
  }

  std::unique_ptr<Program> StartServer() {
    auto server =
        Start({"serve", "--project", "p", "--data-dir", "data", "--http-port", http_, "--grpc-port", grpc_});
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (Run({"query", "SELECT 1"}).exit_code != 0 && absl::Now() < deadline)
      absl::SleepFor(absl::Milliseconds(50));
    return server;
  }

  // What happens to the server, in turns.
  void Kill(std::unique_ptr<Program>& server) {
    server->Signal(SIGKILL);
    server->Wait();
    server = StartServer();
  }
  static void FallSilent(std::unique_ptr<Program>& server) {
    server->Signal(SIGSTOP);
    absl::SleepFor(kSilence);
    server->Signal(SIGCONT);
  }
  void ShutDown(std::unique_ptr<Program>& server) {
    server->Signal(SIGTERM);
    EXPECT_EQ(server->Wait().exit_code, 0);
    server = StartServer();
  }

  const std::string http_ = FreePort(), grpc_ = FreePort();
};

TEST_F(Soak, NothingIsLostAndMemoryStays) {
  const absl::Duration length = absl::Seconds(base::ProofRounds(20, 900));
  auto server = StartServer();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,value:INT64,text:STRING", "--primary-key", "id",
         "--max-staleness", "0"});
  auto run = Start({"stream", "d.t", "--retry-timeout", "2m"});

  std::atomic<bool> stop{false};
  std::int64_t lines = 0;
  std::thread writer([&] {
    const std::string text(80, 'x');
    for (std::string block; !stop; block.clear()) {
      for (int i = 0; i < 1000; ++i, ++lines) {
        absl::StrAppend(&block, R"({"_CHANGE_TYPE":"UPSERT","id":)", lines % kKeys, R"(,"value":)", lines,
                        R"(,"text":")", text, "\"}\n");
      }
      run->Write(block);
    }
  });

  std::vector<std::int64_t> memory;
  int faults = 0;
  const absl::Time begun = absl::Now();
  const absl::Time end = begun + length;
  absl::Time next_fault = absl::Now() + kBetweenFaults;
  // Each kind once at least: on a busy machine a server takes its time to come back.
  while (absl::Now() < end || faults < kFaultKinds) {
    absl::SleepFor(kSample);  // The proof is about time that passes.
    memory.push_back(ResidentKiB(run->pid()));
    if (absl::Now() < next_fault) continue;
    switch (faults++ % kFaultKinds) {
      case 0:
        Kill(server);
        break;
      case 1:
        FallSilent(server);
        break;
      default:
        ShutDown(server);
    }
    next_fault = absl::Now() + kBetweenFaults;
  }
  stop = true;
  writer.join();
  const ProgramResult result = run->Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;

  const std::size_t third = memory.size() / 3;
  const auto peak = [&](std::size_t from, std::size_t to) {
    return *std::max_element(memory.begin() + static_cast<std::ptrdiff_t>(from),
                             memory.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const std::int64_t middle = peak(third, 2 * third), last = peak(2 * third, memory.size());
  std::cout << lines << " rows in "
            << absl::FormatDuration(absl::Trunc(absl::Now() - begun, absl::Seconds(1))) << ", " << faults
            << " faults (kill -9, two seconds of silence, SIGTERM in turns), resident memory at most "
            << middle << " KiB in the middle third and " << last << " KiB in the last\n";
  EXPECT_LT(peak(0, memory.size()), kMemoryMaxKiB);
  // The sanitizer's quarantine fills all along.
  if (base::kSanitizerMemoryFactor == 1) {
    // Silence fills the window, a kill empties it: in a short run each third meets another kind of fault.
    const std::int64_t more = faults >= 3 * kFaultKinds ? middle / 10 : middle / 4;
    EXPECT_LT(last, middle + more) << "memory grows";
  }

  // Of each key the last value stands.
  ASSERT_GE(lines, kKeys);
  std::int64_t sum = 0;
  for (std::int64_t value = lines - kKeys; value < lines; ++value) sum += value;
  EXPECT_EQ(Query("SELECT COUNT(*), SUM(value), COUNTIF(MOD(value, 20000) = id) FROM d.t"),
            std::vector<std::string>{absl::StrCat(kKeys, ",", sum, ",", kKeys)});
}

}  // namespace
}  // namespace bqcdc::end_to_end
