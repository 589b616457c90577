#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/base/testing/raw_client.h"
#include "bqcdc/base/testing/sanitizer_factors.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "tests/hostile/descriptor_bombs.h"
#include "tests/hostile/ordinary_client.h"
#include "tests/hostile/this_machine.h"
#include "tests/local_server/local_server.h"
#include "zlib.h"

namespace bqcdc::hostile {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using base::RawClient;
using nlohmann::json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What a round of the ordinary client may take. A round of an idle server takes some 20 ms; machines that run
// tests are busy.
constexpr absl::Duration kRoundMax = absl::Seconds(10);

// The port of "http://127.0.0.1:NNN" or "127.0.0.1:NNN".
int PortOf(const std::string& endpoint) {
  return std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str());
}

constexpr char kTable[] = "projects/p/datasets/ordinary/tables/bombs";

class HostileTest : public ::testing::Test {
 protected:
  HostileTest() {
    auto server =
        local_server::LocalServer::Start({"--project", "p", "--data-dir", directory_.path() + "/store"});
    if (!server.ok()) {
      ADD_FAILURE() << server.status();
      std::abort();
    }
    server_ = *std::move(server);
    ordinary_ = std::make_unique<OrdinaryClient>(server_->rest(), server_->storage());
    EXPECT_TRUE(ordinary_->AwaitRounds(2));
    before_ = PeakMegabytes(server_->pid());
  }
  ~HostileTest() override {
    // One may have begun before.
    EXPECT_TRUE(ordinary_->AwaitRounds(2)) << "served after it, too";
    EXPECT_EQ(ordinary_->Stop(), "");
    EXPECT_LT(ordinary_->slowest(), kRoundMax);
    EXPECT_EQ(server_->Terminate(), 0);
  }

  // At its most. AddressSanitizer keeps what was freed for a while and puts space between allocations.
  int64_t GrowthMegabytes() const {
    return (PeakMegabytes(server_->pid()) - before_) / base::kSanitizerMemoryFactor;
  }
  int rest_port() const { return PortOf(server_->rest()); }
  int storage_port() const { return PortOf(server_->storage()); }

  // The whole answer to one request on a connection of its own.
  std::string Ask(const std::string& request) {
    RawClient socket(rest_port());
    if (!socket.connected() || !socket.Send(request)) return "";
    return socket.ReceiveAll();
  }
  int Query(const std::string& sql) {
    httplib::Client client(server_->rest());
    const auto answer = client.Post("/bigquery/v2/projects/p/queries",
                                    json{{"query", sql}, {"useLegacySql", false}}.dump(), "application/json");
    return answer ? answer->status : 0;
  }
  std::unique_ptr<v1::BigQueryWrite::Stub> NewStub() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::BigQueryWrite::NewStub(
        grpc::CreateCustomChannel(server_->storage(), grpc::InsecureChannelCredentials(), arguments));
  }
  // The code of the answer to one request, or of the call's end; 0 for a success.
  int AppendCode(const v1::AppendRowsRequest& request) {
    const auto stub = NewStub();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const auto call = stub->AppendRows(&context);
    v1::AppendRowsResponse response;
    const bool answered = call->Write(request) && call->Read(&response);
    call->WritesDone();
    const grpc::Status end = call->Finish();
    return answered ? response.error().code() : end.error_code();
  }

  const base::TemporaryDirectory directory_;
  std::unique_ptr<local_server::LocalServer> server_;
  std::unique_ptr<OrdinaryClient> ordinary_;
  int64_t before_ = 0;
};

TEST_F(HostileTest, TenThousandSilentConnections) {
  constexpr size_t kConnections = 10'000;
  constexpr size_t kOtherFiles = 500;  // what test and server open beside them
  const size_t files = RaiseFileLimit();
  if (files <= 2 * kOtherFiles)
    GTEST_SKIP() << "the hard limit of open files is " << files << " (ulimit -Hn)";
  const size_t count = std::min(kConnections, files - kOtherFiles);
  if (count < kConnections) {
    std::cout << "REDUCED to " << count << " of " << kConnections
              << " connections: the hard limit of open files is " << files << " (ulimit -Hn)\n";
  }
  std::vector<std::unique_ptr<RawClient>> sockets;
  for (size_t i = 0; i < count; ++i) {
    sockets.push_back(std::make_unique<RawClient>(i % 4 == 3 ? storage_port() : rest_port()));
    ASSERT_TRUE(sockets.back()->connected()) << i;
  }
  EXPECT_LT(GrowthMegabytes(), 400) << "megabytes for " << count << " connections";
}

TEST_F(HostileTest, SlowClients) {
  // A byte now and then (the pauses are the attack), in the head, in a body, and in the pieces of one; and
  // some who do not read.
  const std::string requests[] = {
      "GET /bigquery/v2/projects/p/datasets HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(10'000, 'x'),
      "POST /bigquery/v2/projects/p/queries HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" +
          std::string(100'000, ' '),
      "POST /bigquery/v2/projects/p/queries HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n" +
          std::string(100'000, '0'),
  };
  std::vector<std::unique_ptr<RawClient>> sockets;
  for (int i = 0; i < 600; ++i) {
    sockets.push_back(std::make_unique<RawClient>(rest_port()));
    sockets.back()->Send(requests[i % 3].substr(0, 120));
  }
  for (int i = 0; i < 200; ++i) {
    sockets.push_back(std::make_unique<RawClient>(rest_port()));
    for (int j = 0; j < 20; ++j) {
      sockets.back()->Send("GET /discovery/v1/apis/bigquery/v2/rest HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
  }
  const absl::Time end = absl::Now() + absl::Seconds(12);
  for (size_t at = 120; absl::Now() < end; ++at) {
    for (size_t i = 0; i < 600; ++i) sockets[i]->Send(requests[i % 3].substr(at, 1));
    absl::SleepFor(absl::Milliseconds(100));
  }
  // Who writes on after the 408 may not come to read it.
  EXPECT_THAT(sockets[0]->ReceiveAll(), AnyOf(StartsWith("HTTP/1.1 408"), ""));
  EXPECT_TRUE(sockets[0]->ended());
  EXPECT_LT(GrowthMegabytes(), 400);
}

TEST_F(HostileTest, CallsThatOpenAndSayNothing) {
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::AppendRowsRequest, v1::AppendRowsResponse>> stream;
  };
  std::vector<std::unique_ptr<v1::BigQueryWrite::Stub>> stubs;
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 20; ++i) stubs.push_back(NewStub());
  for (int i = 0; i < 3'000; ++i) {
    calls.push_back(std::make_unique<Call>());
    calls.back()->stream = stubs[static_cast<size_t>(i) % stubs.size()]->AppendRows(&calls.back()->context);
  }
  EXPECT_TRUE(ordinary_->AwaitRounds(3));
  EXPECT_LT(GrowthMegabytes(), 400);
  for (const auto& call : calls) call->context.TryCancel();
  for (const auto& call : calls) call->stream->Finish();
}

TEST_F(HostileTest, DescriptorBombs) {
  ASSERT_EQ(Query("CREATE TABLE ordinary.bombs (id INT64, r STRUCT<r STRUCT<r STRUCT<r INT64>>>)"), 200);
  for (const DescriptorBomb& bomb : DescriptorBombs()) {
    SCOPED_TRACE(bomb.name);
    // What no message object can hold goes as unknown fields: proto_rows = 4, writer_schema = 1,
    // proto_descriptor = 1, rows = 2, serialized_rows = 1.
    const auto field = [](int number, const std::string& bytes) {
      std::string text(1, static_cast<char>(number << 3 | 2));
      for (size_t size = bytes.size();; size >>= 7) {
        if (size < 0x80) {
          text.push_back(static_cast<char>(size));
          break;
        }
        text.push_back(static_cast<char>(size | 0x80));
      }
      return text + bytes;
    };
    v1::AppendRowsRequest request;
    request.set_write_stream(absl::StrCat(kTable, "/streams/_default"));
    request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
        4, field(1, field(1, bomb.descriptor)) + field(2, field(1, "\x08\x01")));
    const int code = AppendCode(request);
    if (!bomb.usable) {
      EXPECT_EQ(code, 3);
    }
    EXPECT_LT(GrowthMegabytes(), 1'000);
  }
}

TEST_F(HostileTest, DescriptorsOfManyDestinations) {
  // A connection may have thousands of destinations, and each may keep a schema: also those of tables that
  // are not there.
  const std::string descriptor = [] {
    google::protobuf::DescriptorProto row;
    row.set_name(std::string(3 * 1024 * 1024, 'n'));
    auto* field = row.add_field();
    field->set_name("id");
    field->set_number(1);
    field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT64);
    return row.SerializeAsString();
  }();
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->AppendRows(&context);
  std::map<int, int> codes;
  for (int i = 0; i < 300; ++i) {
    v1::AppendRowsRequest request;
    request.set_write_stream(
        absl::StrCat("projects/p/datasets/ordinary/tables/none", i, "/streams/_default"));
    request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor()->ParseFromString(
        descriptor);
    request.mutable_proto_rows()->mutable_rows()->add_serialized_rows("\x08\x01");
    v1::AppendRowsResponse response;
    ASSERT_TRUE(call->Write(request) && call->Read(&response)) << i;
    ++codes[response.error().code()];
  }
  EXPECT_GT(codes[7], 0) << "denied";
  EXPECT_GT(codes[8], 0) << "too much";
  EXPECT_EQ(codes[7] + codes[8], 300);
  EXPECT_LT(GrowthMegabytes(), 800);
  call->WritesDone();
  EXPECT_TRUE(call->Finish().ok());
}

TEST_F(HostileTest, HugeNames) {
  const auto get = [&](const std::string& path) {
    return Ask("GET /bigquery/v2/" + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  };
  const std::string name(5'000, 'n');
  EXPECT_THAT(get("projects/" + name + "/datasets"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(get("projects/p/datasets/" + name), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(get("projects/p/jobs/" + name), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(get("projects/p/datasets/" + std::string(50'000, 'n')), StartsWith("HTTP/1.1 414"));
  EXPECT_THAT(get("projects/p/datasets?pageToken=" + name), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(get("projects/p/datasets?fields=" + name), StartsWith("HTTP/1.1 400"));

  const std::string megabyte(1024 * 1024, 'n');
  for (const std::string& stream :
       {megabyte, "projects/p/datasets/ordinary/tables/" + megabyte + "/streams/_default",
        std::string("\xff\xfe")}) {
    v1::AppendRowsRequest request;
    request.set_write_stream(stream);
    EXPECT_EQ(AppendCode(request), 3);
  }
  v1::AppendRowsRequest request;
  request.set_write_stream("projects/p/datasets/ordinary/tables/t/streams/_default");
  request.set_trace_id(megabyte);
  for (int i = 0; i < 50'000; ++i) {
    (*request.mutable_missing_value_interpretations())[absl::StrCat("c", i)] =
        v1::AppendRowsRequest::NULL_VALUE;
  }
  EXPECT_EQ(AppendCode(request), 3);
  EXPECT_LT(GrowthMegabytes(), 400);
}

TEST_F(HostileTest, OversizedHeaders) {
  const std::string line = "GET /projects HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_THAT(Ask(line + "X: " + std::string(1'000'000, 'x') + "\r\n\r\n"),
              AnyOf(StartsWith("HTTP/1.1 431"), ""));
  std::string many = line;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&many, "X", i, ": x\r\n");
  EXPECT_THAT(Ask(many + "\r\n"), AnyOf(StartsWith("HTTP/1.1 431"), ""));
  // Below the limit of heads, beyond that of a line.
  EXPECT_THAT(Ask(line + "X: " + std::string(20'000, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Ask(line + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  const auto stub = NewStub();
  grpc::ClientContext context;
  context.AddMetadata("x", std::string(1'000'000, 'x'));
  v1::GetWriteStreamRequest request;
  v1::WriteStream stream;
  EXPECT_EQ(stub->GetWriteStream(&context, request, &stream).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  // What is no HTTP/2.
  RawClient plain(storage_port());
  ASSERT_TRUE(plain.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  plain.ReceiveAll();
  EXPECT_LT(GrowthMegabytes(), 200);
}

TEST_F(HostileTest, ForeignHostsAndPages) {
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "evil.example:9050", "[::2]", "0x7f.1", ""}) {
    EXPECT_THAT(Ask(absl::StrCat("GET /projects HTTP/1.1\r\nHost: ", host, "\r\nConnection: close\r\n\r\n")),
                StartsWith("HTTP/1.1 403"))
        << host;
  }
  EXPECT_THAT(Ask("GET /projects HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 403"));
  for (const char* origin : {"https://evil.example", "null", "http://localhost:1"}) {
    EXPECT_THAT(Ask(absl::StrCat("GET /projects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: ",
                                 origin, "\r\n\r\n")),
                StartsWith("HTTP/1.1 403"))
        << origin;
  }
  const std::string own = Ask("GET /projects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(own, StartsWith("HTTP/1.1 200"));
  EXPECT_FALSE(absl::StrContains(own, "Access-Control")) << own;
}

TEST_F(HostileTest, PathsInNames) {
  const auto files = [this] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path()))
      names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  };
  const auto before = files();
  struct Name {
    const char* text;
    bool refused = true;  // whether or not there is one: 400, not 404
  };
  const Name names[] = {{".."},        {"%2e%2e"},    {"."},     {"%2e"},        {"a%2fb"}, {"..%2f..%2fetc"},
                        {"a%5cb"},     {"%00"},       {"a%00b"}, {"%0d%0aX: y"}, {"%7f"},   {"%ff%fe"},
                        {"a%", false}, {"%zz", false}};
  for (const auto& [text, refused] : names) {
    const std::string name = text;
    for (const std::string& path : {"projects/" + name + "/datasets/d", "projects/p/datasets/" + name,
                                    "projects/p/datasets/ordinary/tables/" + name,
                                    "projects/p/datasets/ordinary/tables/" + name + "/data",
                                    "projects/p/jobs/" + name, "projects/p/queries/" + name}) {
      for (const char* method : {"GET", "DELETE"}) {
        const std::string answer = Ask(absl::StrCat(
            method, " /bigquery/v2/", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        EXPECT_THAT(answer,
                    AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 404"), StartsWith("HTTP/1.1 405")))
            << method << " " << path;
        if (refused && method == std::string("GET")) {
          EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << path;
        }
        EXPECT_FALSE(absl::StrContains(answer.substr(0, answer.find("\r\n\r\n")), "X: y"));
      }
    }
  }
  httplib::Client client(server_->rest());
  for (const std::string& name :
       {std::string(".."), std::string("a/b"), std::string("a\\b"), std::string("a\0b", 3),
        std::string("../../etc"), std::string(), std::string(2'000, 'a')}) {
    const json dataset = {{"datasetReference", {{"datasetId", name}}}};
    EXPECT_EQ(client.Post("/projects/p/datasets", dataset.dump(), "application/json")->status, 400) << name;
    const json table = {{"tableReference", {{"tableId", name}}},
                        {"schema", {{"fields", {{{"name", "x"}, {"type", "STRING"}}}}}}};
    EXPECT_EQ(client.Post("/projects/p/datasets/ordinary/tables", table.dump(), "application/json")->status,
              400)
        << name;
    if (name.empty()) continue;  // one is made
    const json job = {{"jobReference", {{"jobId", name}}},
                      {"configuration", {{"query", {{"query", "SELECT 1"}, {"useLegacySql", false}}}}}};
    EXPECT_EQ(client.Post("/projects/p/jobs", job.dump(), "application/json")->status, 400) << name;
  }
  for (const char* stream :
       {"projects/../datasets/d/tables/t/streams/_default",
        "projects/p/datasets/../tables/../streams/_default", "projects/p//datasets/d", "/etc/passwd", ""}) {
    v1::AppendRowsRequest request;
    request.set_write_stream(stream);
    EXPECT_EQ(AppendCode(request), 3) << stream;
  }
  EXPECT_EQ(files(), before);
}

// As many times the block in gzip's format.
std::string Packed(std::string block, size_t times) {
  std::string packed(times * (block.size() / 500 + 100) + 4096, '\0');
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  for (size_t i = 0; i < times; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(block.data());
    stream.avail_in = static_cast<uInt>(block.size());
    deflate(&stream, i + 1 == times ? Z_FINISH : Z_NO_FLUSH);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST_F(HostileTest, BodiesThatGrow) {
  httplib::Client client(server_->rest());
  client.set_read_timeout(30);
  const std::string path = "/projects/p/queries";
  std::string wide = "[";
  for (int i = 0; i < 3'000'000; ++i) wide += "0,";
  struct Case {
    const char* name;
    std::string body;
    int status;
  };
  const Case cases[] = {
      {"a million lists in each other", std::string(1'000'000, '['), 400},
      {"a million objects in each other",
       [] {
         std::string text;
         for (int i = 0; i < 1'000'000; ++i) text += "{\"a\":";
         return text;
       }(),
       400},
      {"three million values", "{\"query\":" + wide + "0]}", 400},
      {"parameters in each other",
       [] {
         std::string text =
             "{\"query\":\"SELECT "
             "@p\",\"useLegacySql\":false,\"queryParameters\":[{\"name\":\"p\",\"parameterType\":";
         for (int i = 0; i < 60; ++i)
           text += "{\"type\":\"STRUCT\",\"structTypes\":[{\"name\":\"a\",\"type\":";
         return text + "{\"type\":\"INT64\"}" + [] {
           std::string end;
           for (int i = 0; i < 60; ++i) end += "}]}";
           return end;
         }() + "}]}";
       }(),
       400},
      {"parentheses", json{{"query", "SELECT " + std::string(200'000, '(')}, {"useLegacySql", false}}.dump(),
       400},
      {"40 MB", std::string(40'000'000, ' '), 413},
  };
  for (const Case& c : cases) {
    const auto answer = client.Post(path, c.body, "application/json");
    ASSERT_TRUE(answer) << c.name << ": " << httplib::to_string(answer.error());
    EXPECT_EQ(answer->status, c.status) << c.name << answer->body.substr(0, 200);
  }
  const auto bomb = client.Post(path, {{"Content-Encoding", "gzip"}},
                                Packed(std::string(1024 * 1024, ' '), 1'000), "application/json");
  ASSERT_TRUE(bomb) << httplib::to_string(bomb.error());
  EXPECT_EQ(bomb->status, 413);
  // Many at a time, plain ones and some of a few kilobytes that become millions of values.
  const std::string objects = [] {
    std::string block = "[";
    for (int i = 0; i < 1'900'000; ++i) block += "{},";
    return Packed(block, 1);
  }();
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      httplib::Client other(server_->rest());
      other.set_read_timeout(60);
      const std::string body = "{\"query\":" + wide.substr(0, 3'000'000) + "0]}";
      for (int j = 0; j < 3; ++j) {
        const auto plain = other.Post(path, body, "application/json");
        refused += plain && plain->status == 400;
        const auto packed = other.Post(path, {{"Content-Encoding", "gzip"}}, objects, "application/json");
        refused += packed && packed->status == 400;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 16 * 6);
  EXPECT_LT(GrowthMegabytes(), 1'000);
}

TEST_F(HostileTest, LargeMessagesOfManyConnections) {
  // Each is refused for its size, but has to be received for that.
  v1::AppendRowsRequest request;
  request.set_write_stream("projects/p/datasets/ordinary/tables/t/streams/_default");
  request.mutable_proto_rows()->mutable_rows()->add_serialized_rows(std::string(30 * 1024 * 1024, 'x'));
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 24; ++i) threads.emplace_back([&] { refused += AppendCode(request) != 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 24);
  // Twice the service's limit and more is not received at all.
  request.mutable_proto_rows()->mutable_rows()->set_serialized_rows(0, std::string(41 * 1024 * 1024, 'x'));
  EXPECT_EQ(AppendCode(request), 8);
  EXPECT_LT(GrowthMegabytes(), 1'500);
}

TEST(HostileBindingTest, OnlyThisMachineUnlessTold) {
  const std::string outside = OutsideAddress();
  if (outside.empty()) GTEST_SKIP() << "this machine has no IPv4 address but those of its loopback";
  const auto server = local_server::LocalServer::Start({"--admin"});
  ASSERT_TRUE(server.ok()) << server.status();
  for (const std::string& endpoint : {(*server)->rest(), (*server)->storage(), (*server)->admin()}) {
    EXPECT_TRUE(RawClient(PortOf(endpoint)).connected());
    EXPECT_FALSE(RawClient(PortOf(endpoint), outside).connected()) << endpoint;
  }
}

TEST(HostileBindingTest, OtherMachinesOnlyWithATokenFile) {
  const auto open = local_server::LocalServer::Start({"--host", "0.0.0.0"});
  ASSERT_FALSE(open.ok());
  EXPECT_THAT(std::string(open.status().message()), HasSubstr("--bearer-token-file"));
}

}  // namespace
}  // namespace bqcdc::hostile
