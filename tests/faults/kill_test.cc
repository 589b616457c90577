// `kill -9` at random moments under load. Nothing that was acknowledged is missing, nothing that was refused
// shows, no plain row shows twice, and every key holds a change that was really sent and is not older than
// the last acknowledged.
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"
#include "tests/faults/append_load.h"
#include "tests/faults/store_reader.h"
#include "tests/local_server/local_server.h"

namespace bqcdc::faults {
namespace {

constexpr int kPlainWriters = 2;
constexpr int kKeyedWriters = 2;
constexpr int kRowsPerRequest = 20;
constexpr int kInFlight = 8;
constexpr int64_t kKeysRewritten = 50;  // of each writer, in rounds that rewrite keys

int Rounds() {
  const char* text = std::getenv("BQCDC_KILL_ROUNDS");
  return text == nullptr ? 6 : std::atoi(text);
}

// What became of the rows that were sent, over all rounds.
struct Ledger {
  std::mutex mutex;
  std::set<int64_t> acknowledged;  // plain ids
  std::set<int64_t> refused;
  std::set<int64_t> sent;
  struct Key {
    int64_t acknowledged = -1;  // highest value acknowledged
    int64_t sent = -1;          // highest value sent
  };
  std::map<int64_t, Key> keys;
};

// Sends until the server is gone; a second thread receives. `make` gives the rows of the next request,
// `settle` takes them with the outcome.
class Writer {
 public:
  using Rows = std::vector<LoadRow>;

  Writer(v1::BigQueryWrite::Stub& stub, const std::string& table, bool keyed, std::function<Rows()> make,
         std::function<void(const Rows&, bool accepted)> settle)
      : connection_(stub, table, keyed), make_(std::move(make)), settle_(std::move(settle)) {
    receiver_ = std::thread([this] { Receive(); });
    sender_ = std::thread([this] { Send(); });
  }
  ~Writer() {
    sender_.join();
    receiver_.join();
  }

 private:
  void Send() {
    for (;;) {
      Rows rows;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return over_ || in_flight_.size() < kInFlight; });
        if (over_) return;
        rows = make_();
        in_flight_.push_back(rows);
      }
      if (!connection_.Send(rows)) return;
      changed_.notify_all();
    }
  }
  void Receive() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock,
                      [this] { return !in_flight_.empty(); });  // gRPC starts the call with the first message
      }
      v1::AppendRowsResponse response;
      const bool alive = connection_.Receive(&response);
      std::lock_guard lock(mutex_);
      if (alive) {
        settle_(in_flight_.front(), !response.has_error());
        in_flight_.erase(in_flight_.begin());
      } else {
        over_ = true;
      }
      changed_.notify_all();
      if (!alive) return;
    }
  }

  AppendConnection connection_;
  std::function<Rows()> make_;
  std::function<void(const Rows&, bool)> settle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Rows> in_flight_;
  bool over_ = false;
  std::thread receiver_, sender_;
};

class KillTest : public ::testing::Test {
 protected:
  KillTest() : directory_(std::filesystem::temp_directory_path() / absl::StrCat("bqcdc-kill-", getpid())) {}
  ~KillTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Writer> PlainWriter(v1::BigQueryWrite::Stub& stub) {
    const auto make = [this] {
      std::lock_guard lock(ledger_.mutex);
      std::vector<LoadRow> rows;
      const bool bad = next_request_++ % 10 == 9;  // refused whole for one row of it
      for (int i = 0; i < kRowsPerRequest; ++i) {
        rows.push_back(
            {next_id_, next_id_, bad && i == kRowsPerRequest / 2 ? "\xff" : "some text that is not short"});
        ledger_.sent.insert(next_id_++);
      }
      return rows;
    };
    const auto settle = [this](const std::vector<LoadRow>& rows, bool accepted) {
      std::lock_guard lock(ledger_.mutex);
      for (const LoadRow& row : rows) (accepted ? ledger_.acknowledged : ledger_.refused).insert(row.id);
    };
    return std::make_unique<Writer>(stub, "plain", false, make, settle);
  }

  // Each writer has keys of its own, so the order of their changes is known.
  std::unique_ptr<Writer> KeyedWriter(v1::BigQueryWrite::Stub& stub, int64_t writer, bool once) {
    const auto make = [this, writer, once] {
      std::lock_guard lock(ledger_.mutex);
      std::vector<LoadRow> rows;
      for (int i = 0; i < kRowsPerRequest; ++i) {
        const int64_t value = next_value_++;
        const int64_t key = once ? 1'000'000 + value : writer * kKeysRewritten + value % kKeysRewritten;
        rows.push_back({key, value, "text", "UPSERT", absl::StrCat(absl::Hex(value), "/1")});
        ledger_.keys[key].sent = value;
      }
      return rows;
    };
    const auto settle = [this](const std::vector<LoadRow>& rows, bool accepted) {
      std::lock_guard lock(ledger_.mutex);
      EXPECT_TRUE(accepted);
      for (const LoadRow& row : rows) ledger_.keys[row.id].acknowledged = row.value;
    };
    return std::make_unique<Writer>(stub, "keyed", true, make, settle);
  }

  void RunAndKill(int round) {
    auto server =
        local_server::LocalServer::Start({"--data-dir", directory_.string(), "--log-level", "warn"});
    ASSERT_TRUE(server.ok()) << server.status();
    const auto stub = MakeStub((*server)->storage());
    std::vector<std::unique_ptr<Writer>> writers;
    for (int i = 0; i < kPlainWriters; ++i) writers.push_back(PlainWriter(*stub));
    for (int i = 0; i < kKeyedWriters; ++i) writers.push_back(KeyedWriter(*stub, i, round % 2 == 0));
    absl::SleepFor(absl::Milliseconds(20 + random_() % 500));
    (*server)->Kill();
    writers.clear();
  }

  void Check() {
    auto tables = ReadTables(directory_.string(), {"plain", "keyed"});
    ASSERT_TRUE(tables.ok()) << tables.status();
    std::set<int64_t> shown;
    for (const StoredRow& row : tables->at("plain")) {
      ASSERT_TRUE(shown.insert(row.id).second) << "row " << row.id << " shows twice";
      ASSERT_TRUE(ledger_.sent.contains(row.id)) << "row " << row.id << " was never sent";
      ASSERT_FALSE(ledger_.refused.contains(row.id)) << "row " << row.id << " was refused and shows";
    }
    for (const int64_t id : ledger_.acknowledged)
      ASSERT_TRUE(shown.contains(id)) << "acknowledged row " << id << " is missing";
    std::map<int64_t, int64_t> values;
    for (const StoredRow& row : tables->at("keyed")) {
      ASSERT_TRUE(values.emplace(row.id, row.value).second) << "key " << row.id << " shows twice";
    }
    for (const auto& [key, expected] : ledger_.keys) {
      const auto found = values.find(key);
      const int64_t value = found == values.end() ? -1 : found->second;
      ASSERT_GE(value, expected.acknowledged) << "key " << key;
      ASSERT_LE(value, expected.sent) << "key " << key;
    }
  }

  const std::filesystem::path directory_;
  const uint32_t seed_ = static_cast<uint32_t>(base::TestSeed());
  std::mt19937 random_{seed_};
  Ledger ledger_;
  int64_t next_id_ = 1;
  int64_t next_value_ = 1;
  int64_t next_request_ = 0;
};

TEST_F(KillTest, NothingAcknowledgedIsLostAndNothingIsDoubled) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  ASSERT_TRUE(MakeTables(directory_.string(), {"plain"}, {"keyed"}).ok());
  for (int round = 0; round < Rounds(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    RunAndKill(round);
    if (HasFatalFailure()) return;
    Check();
    if (HasFatalFailure()) return;
  }
  EXPECT_FALSE(ledger_.acknowledged.empty());
  EXPECT_FALSE(ledger_.refused.empty());
  std::cout << Rounds() << " kills: " << ledger_.acknowledged.size() << " plain rows acknowledged, "
            << ledger_.refused.size() << " refused, " << ledger_.sent.size() << " sent; "
            << ledger_.keys.size() << " keys, " << next_value_ - 1 << " changes\n";
}

}  // namespace
}  // namespace bqcdc::faults
