// `kill -9` at random moments under load of every kind. What was acknowledged is there after the next start
// and what was refused is not, no row shows twice, streams go on at their offsets, and a commit, a flush, a
// statement and a change of columns have happened whole or not at all.
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "tests/faults/default_stream_load.h"
#include "tests/faults/statement_load.h"
#include "tests/faults/store_reader.h"
#include "tests/faults/stream_load.h"
#include "tests/local_server/local_server.h"

namespace bqcdc::faults {
namespace {

constexpr int kKillsOfDirectory = 20;  // then a new one, so that rows do not pile up
constexpr int kLoadMillisMin = 20, kLoadMillisMax = 800;
constexpr absl::Duration kBetweenApplies = absl::Milliseconds(30);

// A data directory and all that goes on in it over several kills.
class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed) {
    loads_.push_back(std::make_unique<DefaultStreamLoad>("plain", DefaultStreamRows::kPlain));
    loads_.push_back(std::make_unique<DefaultStreamLoad>("keys_once", DefaultStreamRows::kKeysOnce));
    loads_.push_back(std::make_unique<DefaultStreamLoad>("keys_again", DefaultStreamRows::kKeysAgain));
    loads_.push_back(std::make_unique<StreamLoad>("committed", v1::WriteStream::COMMITTED, random_()));
    loads_.push_back(std::make_unique<StreamLoad>("pending", v1::WriteStream::PENDING, random_()));
    loads_.push_back(std::make_unique<StreamLoad>("buffered", v1::WriteStream::BUFFERED, random_()));
    loads_.push_back(std::make_unique<StatementLoad>("statements", random_()));
    for (const auto& load : loads_) tables_.push_back(load->table());
    loads_.push_back(std::make_unique<ColumnLoad>(tables_, random_()));
  }

  void Begin() {
    ASSERT_TRUE(MakeTables(directory_.path(), {"plain", "committed", "pending", "buffered", "statements"},
                           {"keys_once", "keys_again"})
                    .ok());
  }

  void RunAndKill() {
    auto server = local_server::LocalServer::Start(
        {"--data-dir", directory_.path(), "--project", "p", "--admin", "--log-level", "warn"});
    ASSERT_TRUE(server.ok()) << server.status();
    const auto stub = MakeStub((*server)->storage());
    Served served{*stub, (*server)->rest()};
    std::vector<std::thread> threads;
    for (const auto& load : loads_) threads.emplace_back([&] { load->Run(served); });
    threads.emplace_back([&] {
      httplib::Client admin((*server)->admin());
      while (!served.killed) {
        absl::SleepFor(kBetweenApplies);
        admin.Post("/apply", "{}", "application/json");
      }
    });
    absl::SleepFor(absl::Milliseconds(kLoadMillisMin + random_() % (kLoadMillisMax - kLoadMillisMin)));
    served.killed = true;
    (*server)->Kill();
    for (std::thread& thread : threads) thread.join();
  }

  void Check() {
    const auto stored = ReadTables(directory_.path(), tables_);
    ASSERT_TRUE(stored.ok()) << stored.status();
    for (const auto& load : loads_) load->Check(*stored);
  }

  void AddSeen(std::map<std::string, int64_t>& seen) const {
    for (const auto& load : loads_) {
      for (const auto& [what, count] : load->seen()) seen[absl::StrCat(load->table(), ": ", what)] += count;
    }
  }

 private:
  std::mt19937_64 random_;
  base::TemporaryDirectory directory_;
  std::vector<std::unique_ptr<Load>> loads_;
  std::vector<std::string> tables_;
};

TEST(KillProof, NothingIsLostNothingIsDoubledAndNothingIsDoneByHalf) {
  const uint64_t seed = base::TestSeed();
  const int kills = base::ProofRounds(10, 1'000);
  std::map<std::string, int64_t> seen;
  for (int begin = 0; begin < kills; begin += kKillsOfDirectory) {
    Life life(seed + static_cast<uint64_t>(begin));
    life.Begin();
    for (int kill = begin; kill < std::min(begin + kKillsOfDirectory, kills); ++kill) {
      SCOPED_TRACE(absl::StrCat("kill ", kill + 1));
      life.RunAndKill();
      if (testing::Test::HasFailure()) return;
      life.Check();
      if (testing::Test::HasFailure()) return;
    }
    life.AddSeen(seen);
  }
  std::cout << kills << " kills\n";
  for (const auto& [what, count] : seen) std::cout << "  " << what << ": " << count << "\n";
  // Every kind of load did something, and what is hard to meet was met where there was time for it.
  for (const char* what :
       {"plain: requests acknowledged", "plain: requests refused", "keys_once: requests acknowledged",
        "keys_again: requests acknowledged", "committed: streams", "pending: commits", "buffered: streams",
        "statements: statements", "columns: statements", "committed: streams that went on after a kill"})
    EXPECT_GT(seen[what], 0) << what;
  if (kills < 1'000) return;
  for (const char* what : {"pending: kills during a commit", "buffered: kills during a flush",
                           "statements: kills during a statement", "columns: kills during a statement",
                           "committed: requests that a kill left unanswered and stored"})
    EXPECT_GT(seen[what], 10) << what;
}

}  // namespace
}  // namespace bqcdc::faults
