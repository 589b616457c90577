#include "bqcdc/emulator/handlers/write_service.h"

#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/emulator/convert/testing/arrow_fixture.h"
#include "bqcdc/emulator/handlers/testing/fake_append_database.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string DefaultStream(const std::string& table) {
  return absl::StrCat("projects/p/datasets/d/tables/", table, "/streams/_default");
}

// id INT64 = 1, name STRING = 2, _CHANGE_TYPE = 3.
struct RowText {
  int64_t id = 0;
  std::string name;
  std::string change_type = {};
};

void AddRow(const RowText& row, v1::AppendRowsRequest* request) {
  std::string bytes = "\x08";
  bytes.push_back(static_cast<char>(row.id));  // ids below 128
  if (!row.name.empty()) {
    bytes += "\x12";
    bytes.push_back(static_cast<char>(row.name.size()));
    bytes += row.name;
  }
  if (!row.change_type.empty()) {
    bytes += "\x1a";
    bytes.push_back(static_cast<char>(row.change_type.size()));
    bytes += row.change_type;
  }
  request->mutable_proto_rows()->mutable_rows()->add_serialized_rows(bytes);
}

void AddSchema(bool with_change_type, v1::AppendRowsRequest* request) {
  auto* schema = request->mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor();
  schema->set_name("Row");
  int number = 1;
  for (const char* name : {"id", "name", "_CHANGE_TYPE"}) {
    if (number == 3 && !with_change_type) break;
    auto* field = schema->add_field();
    field->set_name(name);
    field->set_number(number);
    field->set_type(number++ == 1 ? google::protobuf::FieldDescriptorProto::TYPE_INT64
                                  : google::protobuf::FieldDescriptorProto::TYPE_STRING);
  }
}

v1::AppendRowsRequest Request(const std::string& table, const std::vector<RowText>& rows, bool schema = true,
                              bool with_change_type = false) {
  v1::AppendRowsRequest request;
  if (!table.empty()) request.set_write_stream(DefaultStream(table));
  if (schema) AddSchema(with_change_type, &request);
  for (const RowText& row : rows) AddRow(row, &request);
  return request;
}

class WriteServiceTest : public ::testing::Test {
 protected:
  WriteServiceTest() {
    database_.PutTable("t", "id:INT64,name:STRING");
    database_.PutTable("u", "id:INT64,name:STRING");
    database_.PutTable("k", "id:INT64,name:STRING", {"id"});
  }
  ~WriteServiceTest() override { Stop(); }

  void Start() {
    service_ = std::make_unique<WriteService>(database_, clock_, evaluate_default_, options_);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    builder.RegisterService(service_->service());
    server_ = builder.BuildAndStart();
    stub_ = v1::BigQueryWrite::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2));
    server_->Wait();
    server_.reset();
    service_.reset();
  }

  // One AppendRows RPC with the generated client.
  class Connection {
   public:
    explicit Connection(v1::BigQueryWrite::Stub& stub) : stream_(stub.AppendRows(&context_)) {}
    bool Send(const v1::AppendRowsRequest& request) { return stream_->Write(request); }
    v1::AppendRowsResponse Receive() {
      v1::AppendRowsResponse response;
      if (!stream_->Read(&response)) ADD_FAILURE() << "the RPC has ended";
      return response;
    }
    v1::AppendRowsResponse Ask(const v1::AppendRowsRequest& request) {
      EXPECT_TRUE(Send(request));
      return Receive();
    }
    grpc::Status Finish() {
      stream_->WritesDone();
      return End();
    }
    // Waits for the server to end the RPC.
    grpc::Status End() {
      v1::AppendRowsResponse response;
      while (stream_->Read(&response)) ++unread_;
      return stream_->Finish();
    }
    void Cancel() { context_.TryCancel(); }
    int unread() const { return unread_; }

   private:
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::AppendRowsRequest, v1::AppendRowsResponse>> stream_;
    int unread_ = 0;
  };
  std::unique_ptr<Connection> Connect() { return std::make_unique<Connection>(*stub_); }

  testing::FakeAppendDatabase database_;
  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  WriteOptions options_;
  DefaultEvaluator evaluate_default_;
  std::unique_ptr<WriteService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::BigQueryWrite::Stub> stub_;
};

TEST_F(WriteServiceTest, NameAndSchemaAreNeededOnceOnly) {
  Start();
  const auto connection = Connect();
  const v1::AppendRowsResponse first = connection->Ask(Request("t", {{1, "a"}}));
  EXPECT_TRUE(first.has_append_result());
  EXPECT_FALSE(first.append_result().has_offset());
  EXPECT_EQ(first.write_stream(), DefaultStream("t"));
  EXPECT_TRUE(connection->Ask(Request("", {{2, "b"}}, false)).has_append_result());
  EXPECT_THAT(database_.Stored("t"), ElementsAre(1, 2));
  EXPECT_TRUE(connection->Finish().ok());
}

TEST_F(WriteServiceTest, FirstRequestNeedsNameAndSchema) {
  Start();
  const auto connection = Connect();
  EXPECT_EQ(connection->Ask(Request("", {{1, "a"}})).error().code(), 3);
  EXPECT_THAT(connection->Ask(Request("t", {{1, "a"}}, false)).error().message(), HasSubstr("writer_schema"));
  EXPECT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
}

TEST_F(WriteServiceTest, BothFormsOfTheNameWork) {
  Start();
  const auto connection = Connect();
  v1::AppendRowsRequest request = Request("t", {{1, "a"}});
  request.set_write_stream("projects/p/datasets/d/tables/t/_default");
  EXPECT_EQ(connection->Ask(request).write_stream(), "projects/p/datasets/d/tables/t/_default");
}

TEST_F(WriteServiceTest, ManyDestinationsShareAConnection) {
  for (int i = 0; i < 100; ++i) database_.PutTable(absl::StrCat("m", i), "id:INT64,name:STRING");
  Start();
  const auto connection = Connect();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) {
      const auto response = connection->Ask(Request(absl::StrCat("m", i), {{i, "x"}}, round == 0));
      ASSERT_TRUE(response.has_append_result()) << response.error().message();
      ASSERT_EQ(response.write_stream(), DefaultStream(absl::StrCat("m", i)));
    }
  }
  EXPECT_THAT(database_.Stored("m42"), ElementsAre(42, 42));
  EXPECT_THAT(connection->Ask(Request("", {{1, "a"}}, false)).error().message(),
              HasSubstr("write_stream must be set"));
}

TEST_F(WriteServiceTest, AnswersComeInTheOrderOfRequestsWhateverTheCommitsDo) {
  database_.set_automatic(false);
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(connection->Send(Request("u", {{2, "b"}})));
  ASSERT_TRUE(connection->Send(Request("t", {}, false)));  // refused at once
  ASSERT_TRUE(connection->Send(Request("t", {{4, "d"}}, false)));
  ASSERT_TRUE(database_.AwaitHeld(3));
  for (size_t index : {2, 1, 0}) database_.Complete(index, absl::OkStatus());
  EXPECT_EQ(connection->Receive().write_stream(), DefaultStream("t"));
  EXPECT_EQ(connection->Receive().write_stream(), DefaultStream("u"));
  EXPECT_THAT(connection->Receive().error().message(), HasSubstr("Rows must be specified"));
  EXPECT_TRUE(connection->Receive().has_append_result());
}

TEST_F(WriteServiceTest, ARequestWithBadRowsIsRefusedWholeAndTheRpcGoesOn) {
  Start();
  const auto connection = Connect();
  v1::AppendRowsRequest request = Request("t", {{1, "a"}, {2, "\xff"}, {3, "c"}});
  request.mutable_proto_rows()->mutable_rows()->add_serialized_rows("\x08");
  const v1::AppendRowsResponse response = connection->Ask(request);
  EXPECT_EQ(response.error().code(), 3);
  EXPECT_EQ(response.error().message(),
            "Errors found while processing rows. Please refer to the row_errors field for details. The list "
            "may not be "
            "complete because of the size limitations. Entity: projects/p/datasets/d/tables/t/_default");
  ASSERT_THAT(response.row_errors(), SizeIs(2));
  EXPECT_EQ(response.row_errors(0).index(), 1);
  EXPECT_EQ(response.row_errors(0).code(), v1::RowError::FIELDS_ERROR);
  EXPECT_EQ(response.row_errors(1).index(), 3);
  EXPECT_THAT(database_.Stored("t"), IsEmpty());
  EXPECT_TRUE(connection->Ask(Request("", {{1, "a"}}, false)).has_append_result());
}

// ids as a record batch, in a request for `table` (empty: none is named).
v1::AppendRowsRequest ArrowRequest(const std::string& table, const std::vector<int64_t>& ids,
                                   bool schema = true) {
  v1::AppendRowsRequest request;
  if (!table.empty()) request.set_write_stream(DefaultStream(table));
  auto& data = *request.mutable_arrow_rows();
  if (schema) {
    data.mutable_writer_schema()->set_serialized_schema(
        convert::testing::SchemaMessage({convert::testing::IntField("id", 64)}));
  }
  data.mutable_rows()->set_serialized_record_batch(
      convert::testing::BatchMessage(static_cast<int64_t>(ids.size()), {convert::testing::FixedArray(ids)}));
  return request;
}

TEST_F(WriteServiceTest, TakesRowsInArrowFormat) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(ArrowRequest("t", {1, 2})).has_append_result());
  ASSERT_TRUE(connection->Ask(ArrowRequest("", {3}, false)).has_append_result());
  EXPECT_THAT(database_.Stored("t"), SizeIs(3));
  EXPECT_EQ(service_->counters().rows_accepted, 3);
  EXPECT_THAT(connection->Ask(ArrowRequest("", {}, false)).error().message(),
              HasSubstr("Rows must be specified"));

  // The schema of one format does for no rows of the other; with its own each is taken.
  EXPECT_THAT(connection->Ask(Request("", {{4, "a"}}, false)).error().message(),
              HasSubstr("The rows and the writer schema must have one format"));
  ASSERT_TRUE(connection->Ask(Request("", {{4, "a"}})).has_append_result());
  EXPECT_THAT(connection->Ask(ArrowRequest("", {5}, false)).error().message(),
              HasSubstr("The rows and the writer schema must have one format"));
  EXPECT_THAT(database_.Stored("t"), SizeIs(4));

  // They are INSERTs among changes, and so refused there.
  const auto changes = Connect();
  ASSERT_TRUE(changes->Ask(Request("k", {{1, "a", "UPSERT"}}, true, true)).has_append_result());
  const v1::AppendRowsResponse mixed = changes->Ask(ArrowRequest("k", {2}));
  EXPECT_TRUE(mixed.has_error());
  EXPECT_THAT(mixed.row_errors(), SizeIs(1));
}

// What a connection keeps for a destination is the table's columns as well as the client's schema.
TEST_F(WriteServiceTest, MemoryForPlansIsBounded) {
  options_.schema_bytes_max = 64 * 1024;
  std::string columns = "id:INT64";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&columns, ",c", i, ":STRING");
  database_.PutTable("wide", columns);
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(ArrowRequest("t", {1})).has_append_result());
  EXPECT_EQ(connection->Ask(ArrowRequest("wide", {1})).error().code(), 8);
  ASSERT_TRUE(connection->Ask(ArrowRequest("u", {1})).has_append_result());
}

TEST_F(WriteServiceTest, ARequestWithoutRoomForItsRowsIsAnswered) {
  database_.SetDefault("t", 1, "'x'");
  evaluate_default_ = [](const schema::Column&, size_t,
                         absl::Time) -> absl::StatusOr<std::vector<engine::Chunk>> {
    throw std::bad_alloc();
  };
  Start();
  const auto connection = Connect();
  const v1::AppendRowsResponse response = connection->Ask(ArrowRequest("t", {1}));
  EXPECT_EQ(response.error().code(), 8);
  EXPECT_THAT(response.error().message(), HasSubstr("no memory for the rows"));
  EXPECT_TRUE(connection->Ask(Request("u", {{1, "a"}})).has_append_result());
}

TEST_F(WriteServiceTest, RefusalsNameTheirReason) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  v1::AppendRowsRequest offset = Request("t", {{1, "a"}});
  offset.mutable_offset()->set_value(0);
  EXPECT_EQ(connection->Ask(offset).error().code(), 3);
  v1::AppendRowsRequest created = Request("t", {{1, "a"}});
  created.set_write_stream("projects/p/datasets/d/tables/t/streams/s1");
  EXPECT_EQ(connection->Ask(created).error().code(), 5);
  v1::AppendRowsRequest extra = Request("t", {{1, "a"}});
  extra.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor()->mutable_field(1)->set_name(
      "other");
  const v1::AppendRowsResponse response = connection->Ask(extra);
  EXPECT_EQ(response.error().message(),
            "Input schema has more fields than BigQuery schema, extra fields: 'other' Entity: "
            "projects/p/datasets/d/tables/t/_default");
  ASSERT_THAT(response.error().details(), SizeIs(1));
  v1::StorageError detail;
  ASSERT_TRUE(response.error().details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.code(), v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS);
  // The schema before the refused one is still in force.
  EXPECT_TRUE(connection->Ask(Request("t", {{2, "b"}}, false)).has_append_result());
}

TEST_F(WriteServiceTest, RequestsBeyondTheLimitAreRefusedInTheStream) {
  options_.request_bytes_max = 100'000;
  Start();
  const auto connection = Connect();
  v1::AppendRowsRequest request = Request("t", {{1, "a"}});
  request.set_trace_id(std::string(200'000, 'x'));
  EXPECT_EQ(connection->Ask(request).error().message(),
            absl::StrCat("AppendRows request too large: ", request.ByteSizeLong(),
                         " limit 100000 Entity: projects/p/datasets/d/tables/t/_default"));
  EXPECT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
}

TEST_F(WriteServiceTest, AMissingTableIsDeniedUntilItIsThere) {
  Start();
  const auto connection = Connect();
  const v1::AppendRowsResponse response = connection->Ask(Request("later", {{1, "a"}}));
  EXPECT_EQ(response.error().code(), 7);
  EXPECT_EQ(response.error().message(),
            "Permission 'TABLES_UPDATE_DATA' denied on resource 'projects/p/datasets/d/tables/later' (or it "
            "may not "
            "exist).");
  database_.PutTable("later", "id:INT64,name:STRING");
  EXPECT_TRUE(connection->Ask(Request("later", {{1, "a"}}, false)).has_append_result());
}

TEST_F(WriteServiceTest, ATableThatWentOrCameAgainIsNotTheSame) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  database_.RemoveTable("t");
  EXPECT_EQ(connection->Ask(Request("t", {{2, "b"}}, false)).error().message(),
            "Table p:d.t was not found. Entity: projects/p/datasets/d/tables/t/_default");
  database_.PutTable("t", "id:INT64,name:STRING");
  const v1::AppendRowsResponse response = connection->Ask(Request("t", {{2, "b"}}, false));
  EXPECT_EQ(response.error().code(), 5);
  EXPECT_EQ(response.error().message(),
            "Table p:d.t is re-created. Entity: projects/p/datasets/d/tables/t/_default");
  EXPECT_TRUE(Connect()->Ask(Request("t", {{3, "c"}})).has_append_result());
}

TEST_F(WriteServiceTest, ANewColumnIsToldOnceAndTheOldDescriptorStaysUsable) {
  Start();
  const auto connection = Connect();
  EXPECT_FALSE(connection->Ask(Request("t", {{1, "a"}})).has_updated_schema());
  database_.AddColumn("t", "extra:DATE");
  const v1::AppendRowsResponse response = connection->Ask(Request("t", {{2, "b"}}, false));
  EXPECT_TRUE(response.has_append_result());
  ASSERT_TRUE(response.has_updated_schema());
  ASSERT_THAT(response.updated_schema().fields(), SizeIs(3));
  EXPECT_EQ(response.updated_schema().fields(2).name(), "extra");
  EXPECT_EQ(response.updated_schema().fields(2).type(), v1::TableFieldSchema::DATE);
  EXPECT_FALSE(connection->Ask(Request("t", {{3, "c"}}, false)).has_updated_schema());
  EXPECT_FALSE(Connect()->Ask(Request("t", {{4, "d"}})).has_updated_schema());
}

TEST_F(WriteServiceTest, AnotherKeyIsNoUpdatedSchema) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  database_.SetPrimaryKey("t", {"name"});
  v1::AppendRowsResponse response = connection->Ask(Request("t", {{2, "b"}}, false));
  EXPECT_TRUE(response.has_append_result());
  EXPECT_FALSE(response.has_updated_schema());
  database_.AddColumn("t", "extra:DATE");
  EXPECT_TRUE(connection->Ask(Request("t", {{3, "c"}}, false)).has_updated_schema());
}

TEST_F(WriteServiceTest, RowsThatAColumnChangeMadeStaleAreDecodedAgainInOrder) {
  database_.set_automatic(false);
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(connection->Send(Request("t", {{2, "b"}}, false)));
  ASSERT_TRUE(database_.AwaitHeld(2));
  database_.AddColumn("t", "extra:DATE");
  // Decoded for the new columns: it must not overtake the two that will be refused.
  ASSERT_TRUE(connection->Send(Request("t", {{3, "c"}}, false)));
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(database_.held(), 2u);
  database_.Complete(0, absl::AbortedError("columns changed"));
  database_.Complete(1, absl::AbortedError("columns changed"));
  ASSERT_TRUE(database_.AwaitHeld(5));
  for (size_t index : {2, 3, 4}) database_.Complete(index, absl::OkStatus());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connection->Receive().has_append_result());
  EXPECT_THAT(database_.Stored("t"), ElementsAre(1, 2, 3));
  EXPECT_EQ(service_->counters().requests_decoded_again, 2);
}

TEST_F(WriteServiceTest, ChangesNeedAKeyAndOneModeForTheConnection) {
  Start();
  const auto connection = Connect();
  const v1::AppendRowsResponse no_key = connection->Ask(Request("t", {{1, "a", "UPSERT"}}, true, true));
  EXPECT_THAT(no_key.error().message(),
              HasSubstr("Create UPSERT stream is not supported for primary key disabled table: p:d.t"));
  EXPECT_TRUE(
      connection->Ask(Request("k", {{1, "a", "UPSERT"}, {2, "", "DELETE"}}, true, true)).has_append_result());
  const v1::AppendRowsResponse mixed =
      connection->Ask(Request("k", {{1, "a", "UPSERT"}, {2, "b", "INSERT"}}, false));
  EXPECT_EQ(mixed.error().code(), 3);
  EXPECT_THAT(mixed.error().message(), HasSubstr("The given value is not a valid CHANGE_TYPE"));
  ASSERT_THAT(mixed.row_errors(), SizeIs(1));
  EXPECT_EQ(mixed.row_errors(0).index(), 1);
  const auto other = Connect();
  ASSERT_TRUE(other->Ask(Request("k", {{1, "a", "INSERT"}}, true, true)).has_append_result());
  EXPECT_THAT(other->Ask(Request("k", {{1, "a", "UPSERT"}}, false)).error().message(),
              HasSubstr("The given value is not a valid CHANGE_TYPE in insert mode: UPSERT"));
}

TEST_F(WriteServiceTest, AnIdleConnectionIsClosedByTheClock) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  clock_.Advance(absl::Seconds(599));
  service_->AwaitIdleCheck();
  ASSERT_TRUE(connection->Ask(Request("t", {{2, "b"}})).has_append_result());
  clock_.Advance(absl::Seconds(599));
  service_->AwaitIdleCheck();
  EXPECT_EQ(service_->counters().connections_idle_closed, 0);
  clock_.Advance(absl::Seconds(1));
  const grpc::Status status = connection->End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(),
              HasSubstr("Closing the stream because it has been inactive for 600 seconds."));
  // grpc-status-details-bin
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(connection->unread(), 0);
}

TEST_F(WriteServiceTest, TheEndOfASilentCallNamesItsStream) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  clock_.Advance(absl::Seconds(601));
  EXPECT_EQ(connection->End().error_message(),
            "Closing the stream because it has been inactive for 600 seconds. Entity: "
            "projects/p/datasets/d/tables/t/_default");
  // The call that has ended may count for a moment still.
  while (service_->counters().connections_open != 0) absl::SleepFor(absl::Milliseconds(1));
  const auto silent = Connect();
  while (service_->counters().connections_open != 1) absl::SleepFor(absl::Milliseconds(1));
  clock_.Advance(absl::Seconds(601));
  EXPECT_EQ(silent->End().error_message(),
            "Closing the stream because it has been inactive for 600 seconds.");
}

TEST_F(WriteServiceTest, MoreConnectionsThanTheLimitEndAtOnce) {
  options_.connections_max = 2;
  Start();
  const auto a = Connect(), b = Connect();
  ASSERT_TRUE(a->Ask(Request("t", {{1, "a"}})).has_append_result());
  ASSERT_TRUE(b->Ask(Request("t", {{2, "b"}})).has_append_result());
  const grpc::Status refused = Connect()->End();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("concurrent connections"));
  EXPECT_EQ(service_->counters().connections_refused, 1);
  EXPECT_TRUE(a->Finish().ok());
  while (service_->counters().connections_open != 1) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE(Connect()->Ask(Request("t", {{3, "c"}})).has_append_result());
}

TEST_F(WriteServiceTest, ChangesNeedATableOfTwoThousandColumnsAtMost) {
  const auto columns = [](int count) {
    std::string text = "id:INT64,name:STRING";
    for (int i = 2; i < count; ++i) absl::StrAppend(&text, ",c", i, ":INT64");
    return text;
  };
  database_.PutTable("widest", columns(2000), {"id"});
  database_.PutTable("wider", columns(2001), {"id"});
  Start();
  EXPECT_TRUE(Connect()->Ask(Request("widest", {{1, "a", "UPSERT"}}, true, true)).has_append_result());
  const auto response = Connect()->Ask(Request("wider", {{1, "a", "UPSERT"}}, true, true));
  EXPECT_EQ(response.error().code(), 3);
  EXPECT_THAT(response.error().message(), HasSubstr("more than 2000 top-level columns: p:d.wider has 2001"));
  EXPECT_TRUE(Connect()->Ask(Request("wider", {{1, "a", "INSERT"}}, true, true)).has_append_result());
}

TEST_F(WriteServiceTest, AConnectionThatHasTooMuchInFlightIsNotRead) {
  options_.connection_requests_max = 4;
  database_.set_automatic(false);
  Start();
  const auto connection = Connect();
  constexpr int kRequests = 50;
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) connection->Send(Request("t", {{i, "a"}}));
  });
  ASSERT_TRUE(database_.AwaitHeld(4));
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(database_.held(), 4u);
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(database_.AwaitHeld(i + 1));
    database_.Complete(i, absl::OkStatus());
    EXPECT_TRUE(connection->Receive().has_append_result());
  }
  writer.join();
  EXPECT_THAT(database_.Stored("t"), SizeIs(kRequests));
}

TEST_F(WriteServiceTest, TheBudgetOfAllConnectionsHoldsAndIsGivenBack) {
  options_.total_bytes_max = 1;  // one request at a time, whoever sends it
  database_.set_automatic(false);
  Start();
  const auto a = Connect(), b = Connect();
  ASSERT_TRUE(a->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(database_.AwaitHeld(1));
  ASSERT_TRUE(b->Send(Request("u", {{2, "b"}})));
  ASSERT_TRUE(b->Send(Request("u", {{3, "c"}}, false)));
  ASSERT_TRUE(a->Send(Request("t", {{4, "d"}}, false)));
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(database_.AwaitHeld(i + 1));
    database_.Complete(i, absl::OkStatus());
  }
  EXPECT_TRUE(a->Finish().ok());
  EXPECT_TRUE(b->Finish().ok());
  EXPECT_EQ(a->unread() + b->unread(), 4);
}

TEST_F(WriteServiceTest, AStoreThatFailedEndsTheRpcLikeARestart) {
  database_.set_automatic(false);
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(connection->Send(Request("t", {{2, "b"}}, false)));
  ASSERT_TRUE(connection->Send(Request("t", {{3, "c"}}, false)));
  ASSERT_TRUE(database_.AwaitHeld(3));
  database_.Complete(0, absl::OkStatus());
  database_.Complete(1, absl::UnavailableError("the store has failed"));
  database_.Complete(2, absl::UnavailableError("the store has failed"));
  EXPECT_TRUE(connection->Receive().has_append_result());
  const grpc::Status status = connection->End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(connection->unread(), 0);
}

// Requests are decoded on one thread while another tells that the store has failed. A request that was given
// back twice, or never, keeps the service from ending.
TEST_F(WriteServiceTest, AStoreThatFailsWhileRequestsAreDecodedTakesNoneOfThemTwice) {
  database_.set_automatic(false);
  Start();
  constexpr int kConnections = 60, kRequests = 30, kRows = 500;
  size_t completed = 0;
  const std::vector<RowText> rows(kRows, RowText{1, "a"});
  for (int round = 0; round < kConnections; ++round) {
    const auto connection = Connect();
    std::thread sender([&] {
      for (int i = 0; i < kRequests && connection->Send(Request("t", rows, i == 0)); ++i) continue;
    });
    ASSERT_TRUE(database_.AwaitHeld(completed + 1 + static_cast<size_t>(round % 4)));
    while (completed < database_.held()) {
      database_.Complete(completed++, absl::UnavailableError("the store has failed"));
    }
    EXPECT_EQ(connection->End().error_code(), grpc::StatusCode::UNAVAILABLE);
    sender.join();
  }
  // What was handed over before the end was known.
  database_.set_automatic(true);
  while (completed < database_.held()) {
    database_.Complete(completed++, absl::UnavailableError("the store has failed"));
  }
  Stop();
}

TEST_F(WriteServiceTest, ACancelledConnectionLeavesItsCommitsAlone) {
  database_.set_automatic(false);
  Start();
  auto connection = Connect();
  ASSERT_TRUE(connection->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(database_.AwaitHeld(1));
  connection->Cancel();
  EXPECT_EQ(connection->End().error_code(), grpc::StatusCode::CANCELLED);
  database_.Complete(0, absl::OkStatus());
  EXPECT_THAT(database_.Stored("t"), ElementsAre(1));
}

TEST_F(WriteServiceTest, AClientThatSaysGoodbyeStillGetsItsAnswers) {
  database_.set_automatic(false);
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Send(Request("t", {{1, "a"}})));
  ASSERT_TRUE(connection->Send(Request("t", {{2, "b"}}, false)));
  std::thread finisher([&] {
    EXPECT_TRUE(connection->Finish().ok());
    EXPECT_EQ(connection->unread(), 2);
  });
  ASSERT_TRUE(database_.AwaitHeld(2));
  database_.Complete(1, absl::OkStatus());
  database_.Complete(0, absl::OkStatus());
  finisher.join();
}

TEST_F(WriteServiceTest, StoppingEndsConnectionsWithTheServicesText) {
  Start();
  const auto connection = Connect();
  ASSERT_TRUE(connection->Ask(Request("t", {{1, "a"}})).has_append_result());
  service_->CloseConnections();
  const grpc::Status status = connection->End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("server is restarted"));
}

int ThreadCount() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "Threads:")) return std::stoi(line.substr(8));
  }
  return -1;
}

TEST_F(WriteServiceTest, AThousandIdleConnectionsTakeNoThreads) {
  Start();
  std::vector<std::unique_ptr<Connection>> connections;
  int threads_before = 0;
  for (int i = 0; i < 1000; ++i) {
    connections.push_back(Connect());
    ASSERT_TRUE(connections.back()->Ask(Request("t", {{i % 100, "a"}})).has_append_result());
    if (i == 20) threads_before = ThreadCount();
  }
  EXPECT_EQ(service_->counters().connections_open, 1000);
  EXPECT_LE(ThreadCount(), threads_before + 2);  // gRPC's own pool breathes a little
  EXPECT_TRUE(connections[0]->Ask(Request("", {{1, "a"}}, false)).has_append_result());
  for (const auto& connection : connections) connection->Cancel();
}

TEST_F(WriteServiceTest, DescribesTheDefaultStream) {
  Start();
  grpc::ClientContext context;
  v1::GetWriteStreamRequest request;
  request.set_name(DefaultStream("t"));
  request.set_view(v1::FULL);
  v1::WriteStream stream;
  ASSERT_TRUE(stub_->GetWriteStream(&context, request, &stream).ok());
  EXPECT_EQ(stream.name(), DefaultStream("t"));
  EXPECT_EQ(stream.type(), v1::WriteStream::COMMITTED);
  EXPECT_EQ(stream.location(), "us");
  EXPECT_FALSE(stream.has_create_time());
  ASSERT_THAT(stream.table_schema().fields(), SizeIs(2));
  EXPECT_EQ(stream.table_schema().fields(0).type(), v1::TableFieldSchema::INT64);

  grpc::ClientContext invented;
  request.set_name("projects/p/datasets/d/tables/t/streams/abc");
  const grpc::Status status = stub_->GetWriteStream(&invented, request, &stream);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "Invalid stream name. Entity: projects/p/datasets/d/tables/t/streams/abc");

  grpc::ClientContext finalize;
  v1::FinalizeWriteStreamRequest finalize_request;
  finalize_request.set_name(DefaultStream("t"));
  v1::FinalizeWriteStreamResponse finalize_response;
  EXPECT_EQ(stub_->FinalizeWriteStream(&finalize, finalize_request, &finalize_response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
