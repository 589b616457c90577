// A row that is appended allocates nothing once the writer's memory has grown: what is allocated is for each
// request. A program of its own, because it counts every allocation of the process.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/allocation_count.h"
#include "bqcdc/base/testing/loopback_socket.h"
#include "bqcdc/credentials/token_source.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "bqcdc/write/testing/fake_write_service.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {
namespace {

using write::testing::FakeWriteService;
using write::testing::Reply;
using write::testing::SeenRequest;

// Takes all rows. A process of its own, for it allocates for each.
class OtherProcessService {
 public:
  // The one of this program: made before gRPC has threads, which a child would not have.
  static const OtherProcessService& Get() {
    static const OtherProcessService service;
    return service;
  }
  OtherProcessService(const OtherProcessService&) = delete;
  OtherProcessService& operator=(const OtherProcessService&) = delete;

  const std::string& target() const { return target_; }
  // From Hold() to Release() it answers nothing.
  void Hold() const { kill(child_, SIGSTOP); }
  void Release() const { kill(child_, SIGCONT); }

 private:
  OtherProcessService() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) base::Die("socketpair");
    child_ = fork();
    if (child_ < 0) base::Die("fork");
    if (child_ == 0) {
      close(ends[0]);
      Serve(ends[1]);
    }
    close(ends[1]);
    socket_ = ends[0];
    char text[64];
    const ssize_t count = read(socket_, text, sizeof text);
    if (count <= 0) base::Die("read");
    target_.assign(text, static_cast<std::size_t>(count));
  }
  ~OtherProcessService() {
    close(socket_);
    waitpid(child_, nullptr, 0);
  }
  // Until the other end of the socket is closed.
  [[noreturn]] static void Serve(int socket) {
    const FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
    const std::string target = service.target();
    if (::write(socket, target.data(), target.size()) < 0) base::Die("write");
    char nothing = 0;
    if (read(socket, &nothing, 1) < 0) base::Die("read");
    _exit(0);
  }

  pid_t child_ = -1;
  int socket_ = -1;
  std::string target_;
};

constexpr std::int64_t kRows = 50'000, kBatchRows = 10'000;
constexpr int kRoundsMax = 20;
// Of what a row may allocate in the mean: a request of 10,000 rows has its own few, most of them gRPC's.
constexpr double kAllocationsPerRowMax = 0.01;

// By the number of connections, and so of lanes.
class RowAllocationTest : public ::testing::TestWithParam<int> {
 protected:
  RowAllocationTest() {
    const std::string target = service_.target();
    rest_.PutTable("p.d.t", {});
    WriterParts parts;
    parts.client = &client_;
    parts.channels = [target] { return write::MakeLocalChannel(target); };
    parts.clock = &base::SystemClock::Get();
    parts.parse_table = [](std::string_view text) { return rest::ParseTableName(text, "p"); };
    // Each moment in which rows wait for room brings more lanes, which stay.
    parts.scaling.period = absl::ZeroDuration();
    parts.scaling.gain_min = 0;
    parts.scaling.shrink_after = absl::InfiniteDuration();
    WriterOptions options;
    options.flush_interval = absl::Hours(1);
    options.batch_rows = kBatchRows;
    options.batch_bytes = 8 * 1024 * 1024;
    options.connections_max = GetParam();
    options.requests_in_flight_max = 2;
    writer_ = *WriterOpener::Open(parts, options);
    table_ = *writer_->OpenTable("d.t");
  }

  // Allocations of kRows rows, from the first Append to the last acknowledgement.
  template <typename Append>
  std::size_t Count(const Append& append) {
    const std::size_t before = base::AllocationCount();
    for (std::int64_t row = 0; row < kRows; ++row)
      EXPECT_TRUE(append(row, Next(), absl::InfiniteFuture()).ok());
    EXPECT_TRUE(writer_->Flush().ok());
    return base::AllocationCount() - before;
  }
  // Lets rows wait for room until as many lanes are used as there may be connections.
  template <typename Append>
  void UseAllConnections(const Append& append) {
    for (int round = 0; round < kRoundsMax && writer_->stats().connections < GetParam(); ++round) {
      service_.Hold();
      for (std::int64_t row = 0; append(row, Next(), absl::InfinitePast()).ok();) ++row;
      service_.Release();
      EXPECT_TRUE(writer_->Flush().ok());
    }
    ASSERT_EQ(writer_->stats().connections, GetParam());
  }
  template <typename Append>
  void ExpectNonePerRow(const Append& append) {
    ASSERT_NO_FATAL_FAILURE(UseAllConnections(append));
    for (int i = 0; i < 2; ++i) Count(append);  // Until memory has grown.
    const std::size_t count = Count(append);
    EXPECT_LT(static_cast<double>(count), kAllocationsPerRowMax * kRows);
    RecordProperty("allocations", static_cast<int>(count));
  }

  const OtherProcessService& service_ = OtherProcessService::Get();
  rest::testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{
      {.base_url = "http://fake", .project = "p"}, rest_, no_token_, base::SystemClock::Get()};
  std::unique_ptr<Writer> writer_;
  TableWriter* table_ = nullptr;

 private:
  SequenceNumber Next() { return {{table_->epoch(), ++position_, 1, 0}}; }

  std::uint64_t position_ = 0;
};

constexpr char kName[] = "a name that no small buffer of a string holds";

TEST_P(RowAllocationTest, FilledRowsAllocateForEachRequestOnly) {
  const ColumnHandle id = *table_->Column("id"), name = *table_->Column("name");
  ExpectNonePerRow([&](std::int64_t row, const SequenceNumber& sequence, absl::Time deadline) {
    return table_->Append(
        row % 10 == 0 ? ChangeType::kDelete : ChangeType::kUpsert, sequence,
        [&](Row& fields) { fields.SetInt64(id, row).SetText(name, kName); }, deadline);
  });
}

TEST_P(RowAllocationTest, RowsOfJsonAllocateForEachRequestOnly) {
  std::vector<std::string> objects;
  for (int id = 0; id < 50; ++id) {
    objects.push_back(
        id % 2 == 0 ? absl::StrCat(R"({"id":)", id, R"(,"name":")", kName, R"(","_CHANGE_TYPE":"UPSERT"})")
                    : absl::StrCat(R"({"id":)", id, R"(,"_CHANGE_TYPE":"DELETE"})"));
  }
  ExpectNonePerRow([&](std::int64_t row, const SequenceNumber& sequence, absl::Time deadline) {
    return table_->AppendJson(objects[static_cast<std::size_t>(row) % objects.size()], sequence, deadline);
  });
}

INSTANTIATE_TEST_SUITE_P(Connections, RowAllocationTest, ::testing::Values(1, 4));

}  // namespace
}  // namespace bqcdc
