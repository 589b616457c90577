// Order of writes, fsyncs and acknowledgements, as seen between the server and the operating system
// (io_log.cc).
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "tests/faults/append_load.h"
#include "tests/faults/io_trace.h"
#include "tests/faults/store_reader.h"
#include "tests/local_server/local_server.h"

namespace bqcdc::faults {
namespace {

constexpr int kWriters = 16;
constexpr int kRequestsPerWriter = 60;
constexpr int kRowsPerRequest = 5;

std::string TableOf(int writer) { return absl::StrCat("t", writer); }
std::string StreamOf(int writer) { return DefaultStreamOf(TableOf(writer)); }
constexpr size_t kTablesPrefix = sizeof("projects/p/datasets/d/tables/") - 1;
// Stands in the rows of one request, so that their bytes are found in the files.
std::string MarkOf(int writer, int request) {
  return absl::StrCat("MARK:", TableOf(writer), ":", request, ":end");
}

int CrashPoints() { return base::ProofRounds(8, 100); }

// One run of a server under 16 writers, traced; every writer has its own table and one request at a time.
class IoOrderTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer must be the first library that is loaded";
#endif
  }
  static void SetUpTestSuite() {
#ifdef __SANITIZE_ADDRESS__
    return;
#endif
    directory_ = (std::filesystem::temp_directory_path() / absl::StrCat("bqcdc-io-", getpid())).string();
    const std::string data = directory_ + "/data";
    std::filesystem::create_directories(data);
    const std::string trace = directory_ + "/trace";
    setenv("LD_PRELOAD", BQCDC_IO_LOG_LIBRARY, 1);
    setenv("BQCDC_IO_LOG", trace.c_str(), 1);
    setenv("BQCDC_IO_DIR", data.c_str(), 1);
    // Twice, so that there is a checkpoint over another one.
    const auto start = [&] {
      return local_server::LocalServer::Start({"--data-dir", data, "--admin", "--log-level", "warn"});
    };
    auto server = start();
    ASSERT_TRUE(server.ok()) << server.status();
    MakeTablesByRest((*server)->rest(), Tables());
    EXPECT_EQ((*server)->Terminate(), 0);
    server = start();
    unsetenv("LD_PRELOAD");
    ASSERT_TRUE(server.ok()) << server.status();
    RunLoad(**server);
    EXPECT_EQ((*server)->Terminate(), 0);
    auto events = ReadIoTrace(trace);
    ASSERT_TRUE(events.ok()) << events.status();
    events_ = *std::move(events);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }

  static void MakeTablesByRest(const std::string& rest, const std::vector<std::string>& tables) {
    httplib::Client client(rest);
    const auto post = [&](const std::string& path, const std::string& body) {
      const auto result = client.Post(path.c_str(), body, "application/json");
      ASSERT_TRUE(result) << path;
      ASSERT_EQ(result->status, 200) << result->body;
    };
    post("/bigquery/v2/projects/p/datasets", R"({"datasetReference":{"projectId":"p","datasetId":"d"}})");
    for (const std::string& table : tables) {
      post("/bigquery/v2/projects/p/datasets/d/tables",
           absl::StrCat(
               R"({"tableReference":{"projectId":"p","datasetId":"d","tableId":")", table,
               R"("},"schema":{"fields":[{"name":"id","type":"INTEGER"},{"name":"value","type":"INTEGER"},)",
               R"({"name":"text","type":"STRING"}]}})"));
    }
  }

  static void RunLoad(const local_server::LocalServer& server) {
    const auto stub = MakeStub(server.storage());
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&stub, writer] {
        AppendConnection connection(*stub, StreamOf(writer), /*keyed=*/false);
        for (int request = 0; request < kRequestsPerWriter; ++request) {
          std::vector<LoadRow> rows;
          for (int i = 0; i < kRowsPerRequest; ++i) rows.push_back({request, i, MarkOf(writer, request)});
          v1::AppendRowsResponse response;
          ASSERT_TRUE(connection.Send(rows) && connection.Receive(&response));
          ASSERT_FALSE(response.has_error()) << response.error().message();
        }
      });
    }
    // Applies and their checkpoints rewrite files meanwhile.
    httplib::Client admin(server.admin());
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      admin.Post("/apply", "{}", "application/json");
    }
    for (std::thread& writer : writers) writer.join();
  }

  // What is stored in `directory` has each acknowledged request and at most one more, whole and once.
  static void CheckRows(const std::string& directory, std::map<std::string, int> acknowledged) {
    auto stored = ReadTables(directory, Tables());
    ASSERT_TRUE(stored.ok()) << stored.status();
    for (int writer = 0; writer < kWriters; ++writer) {
      std::map<int64_t, int> rows_of_request;
      for (const StoredRow& row : stored->at(TableOf(writer)).rows) ++rows_of_request[row.id];
      const int expected = acknowledged[StreamOf(writer)];
      ASSERT_GE(static_cast<int>(rows_of_request.size()), expected) << TableOf(writer);
      ASSERT_LE(static_cast<int>(rows_of_request.size()), expected + 1) << TableOf(writer);
      for (const auto& [request, rows] : rows_of_request)
        ASSERT_EQ(rows, kRowsPerRequest) << "request " << request;
    }
  }

  static std::vector<std::string> Tables() {
    std::vector<std::string> tables;
    for (int i = 0; i < kWriters; ++i) tables.push_back(TableOf(i));
    return tables;
  }

  // Acknowledged requests of each writer before event `end`.
  static std::map<std::string, int> AcknowledgedBefore(size_t end) {
    std::map<std::string, int> counts;
    for (size_t i = 0; i < end; ++i) {
      if (events_[i].kind == IoEvent::Kind::kAcknowledge) ++counts[events_[i].name];
    }
    return counts;
  }

  static std::string directory_;
  static std::vector<IoEvent> events_;
};

std::string IoOrderTest::directory_;
std::vector<IoEvent> IoOrderTest::events_;

TEST_F(IoOrderTest, NoAcknowledgementPrecedesTheFsyncThatCoversIt) {
  struct Marked {
    std::string file;
    size_t written = 0;
    bool synced = false;
  };
  std::map<std::string, Marked> marks;  // first place of each mark
  std::map<std::string, size_t> sync_started;
  std::map<std::string, int> acknowledged;
  int checked = 0;
  for (size_t i = 0; i < events_.size(); ++i) {
    const IoEvent& event = events_[i];
    if (event.kind == IoEvent::Kind::kSyncStart) sync_started[event.name] = i;
    if (event.kind == IoEvent::Kind::kSyncEnd) {
      for (auto& [mark, place] : marks) {
        if (place.file == event.name && place.written < sync_started[event.name]) place.synced = true;
      }
    }
    if (event.kind == IoEvent::Kind::kWrite) {
      for (size_t at = event.data.find("MARK:"); at != std::string::npos;
           at = event.data.find("MARK:", at + 1)) {
        const size_t end = event.data.find(":end", at);
        if (end != std::string::npos)
          marks.try_emplace(event.data.substr(at, end + 4 - at), Marked{event.name, i});
      }
    }
    if (event.kind == IoEvent::Kind::kAcknowledge) {
      const int request = acknowledged[event.name]++;
      const std::string table = event.name.substr(kTablesPrefix, event.name.find("/streams") - kTablesPrefix);
      const std::string mark = absl::StrCat("MARK:", table, ":", request, ":end");
      const auto found = marks.find(mark);
      ASSERT_NE(found, marks.end()) << mark << " was acknowledged and never written";
      ASSERT_TRUE(found->second.synced) << mark << " was acknowledged before it was synced";
      ++checked;
    }
  }
  EXPECT_EQ(checked, kWriters * kRequestsPerWriter);
}

TEST_F(IoOrderTest, OneFsyncServesManyAppends) {
  size_t first = events_.size(), last = 0;
  int syncs = 0;
  for (size_t i = 0; i < events_.size(); ++i) {
    if (events_[i].kind != IoEvent::Kind::kAcknowledge) continue;
    first = std::min(first, i);
    last = i;
  }
  std::map<std::string, int> by_file;
  for (size_t i = first; i < last; ++i) {
    if (events_[i].kind == IoEvent::Kind::kSyncEnd)
      ++by_file[std::filesystem::path(events_[i].name).filename().string()], ++syncs;
  }
  for (const auto& [file, count] : by_file) std::cout << file << ": " << count << " fsyncs\n";
  EXPECT_LE(syncs, kWriters * kRequestsPerWriter / 4)
      << "for " << kWriters * kRequestsPerWriter << " appends";
}

TEST_F(IoOrderTest, SyncedPrefixesOfTheFilesHoldWhatWasAcknowledged) {
  const uint32_t seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  size_t first = 0;
  while (first < events_.size() && events_[first].kind != IoEvent::Kind::kAcknowledge) ++first;
  for (int point = 0; point < CrashPoints(); ++point) {
    const size_t crash = first + random() % (events_.size() - first + 1);
    const Unsynced unsynced = point % 2 == 0 ? Unsynced::kLost : Unsynced::kPrefix;
    SCOPED_TRACE(absl::StrCat("crash before event ", crash, " of ", events_.size(),
                              unsynced == Unsynced::kLost ? ", rest lost" : ", rest in part"));
    const std::string rebuilt = absl::StrCat(directory_, "/rebuilt", point);
    ASSERT_TRUE(RebuildFiles(events_, crash, directory_ + "/data", unsynced, seed + point, rebuilt).ok());
    CheckRows(rebuilt, AcknowledgedBefore(crash));
    std::filesystem::remove_all(rebuilt);
  }
}

// DuckDB writes some blocks over that its header refers to (engine/checkpoint_journal.h).
TEST_F(IoOrderTest, AKillInTheMiddleOfAWriteOfABlockCostsNothing) {
  const uint32_t seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  size_t first = 0;
  while (first < events_.size() && events_[first].kind != IoEvent::Kind::kAcknowledge) ++first;
  std::set<std::pair<std::string, uint64_t>> written;
  int written_over = 0;
  for (size_t i = 0; i < events_.size(); ++i) {
    const IoEvent& event = events_[i];
    constexpr size_t kBlockBytes = 256 * 1024;
    if (event.kind != IoEvent::Kind::kWrite || event.data.size() != kBlockBytes) continue;
    if (written.emplace(event.name, event.offset).second || i < first) continue;
    SCOPED_TRACE(absl::StrCat("event ", i, ", ", event.name, " at ", event.offset));
    ++written_over;
    for (int cut = 0; cut < base::ProofRounds(2, 20); ++cut) {
      const std::string rebuilt = absl::StrCat(directory_, "/killed", i, "_", cut);
      ASSERT_TRUE(
          RebuildFiles(events_, i + 1, directory_ + "/data", Unsynced::kKilled, seed + cut, rebuilt).ok());
      CheckRows(rebuilt, AcknowledgedBefore(i));
      std::filesystem::remove_all(rebuilt);
    }
  }
  EXPECT_GE(written_over, 2) << "of each file one";
}

}  // namespace
}  // namespace bqcdc::faults
