#include "bqcdc/emulator/handlers/write_streams.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/handlers/write_service.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

// Created write streams through gRPC, on a real store.
namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kTable[] = "projects/p/datasets/d/tables/t";
constexpr char kNeverCreated[] = "projects/p/datasets/d/tables/t/streams/CigAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

// id INT64, name STRING; ids below 128.
v1::AppendRowsRequest Request(const std::string& stream, const std::vector<int64_t>& ids,
                              std::optional<int64_t> offset = std::nullopt,
                              const std::string& change_type = "") {
  v1::AppendRowsRequest request;
  request.set_write_stream(stream);
  auto* schema = request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor();
  schema->set_name("Row");
  int number = 0;
  for (const char* name : {"id", "_CHANGE_TYPE"}) {
    if (number == 1 && change_type.empty()) break;
    auto* field = schema->add_field();
    field->set_name(name);
    field->set_number(++number);
    field->set_type(number == 1 ? google::protobuf::FieldDescriptorProto::TYPE_INT64
                                : google::protobuf::FieldDescriptorProto::TYPE_STRING);
  }
  for (const int64_t id : ids) {
    std::string row = {'\x08', static_cast<char>(id)};
    if (!change_type.empty()) row += absl::StrCat("\x12", std::string(1, change_type.size()), change_type);
    request.mutable_proto_rows()->mutable_rows()->add_serialized_rows(row);
  }
  if (offset) request.mutable_offset()->set_value(*offset);
  return request;
}

v1::StorageError::StorageErrorCode DetailOf(const v1::AppendRowsResponse& response) {
  v1::StorageError detail;
  if (response.error().details_size() != 1 || !response.error().details(0).UnpackTo(&detail)) return {};
  return detail.code();
}

v1::StorageError::StorageErrorCode DetailOf(const grpc::Status& status) {
  google::rpc::Status proto;
  v1::StorageError detail;
  if (!proto.ParseFromString(status.error_details()) || proto.details_size() != 1 ||
      !proto.details(0).UnpackTo(&detail)) {
    return {};
  }
  return detail.code();
}

class WriteStreamsTest : public ::testing::Test {
 protected:
  WriteStreamsTest() { Start(); }
  ~WriteStreamsTest() override { Stop(); }

  void Start() {
    service_ =
        std::make_unique<WriteService>(table_.database(), table_.clock(), DefaultEvaluator(), options_);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_->service());
    server_ = builder.BuildAndStart();
    stub_ = v1::BigQueryWrite::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  void Stop() {
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2));
    server_->Wait();
    server_.reset();
    service_.reset();
  }
  void Restart() {
    Stop();
    table_.Restart();
    Start();
  }

  v1::WriteStream Create(v1::WriteStream::Type type) {
    grpc::ClientContext context;
    v1::CreateWriteStreamRequest request;
    request.set_parent(kTable);
    request.mutable_write_stream()->set_type(type);
    v1::WriteStream stream;
    const grpc::Status status = stub_->CreateWriteStream(&context, request, &stream);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return stream;
  }
  grpc::Status Get(const std::string& name, v1::WriteStream* stream, v1::WriteStreamView view = v1::BASIC) {
    grpc::ClientContext context;
    v1::GetWriteStreamRequest request;
    request.set_name(name);
    request.set_view(view);
    return stub_->GetWriteStream(&context, request, stream);
  }
  // The row count; -1 on errors.
  int64_t Finalize(const std::string& name) {
    grpc::ClientContext context;
    v1::FinalizeWriteStreamRequest request;
    request.set_name(name);
    v1::FinalizeWriteStreamResponse response;
    return stub_->FinalizeWriteStream(&context, request, &response).ok() ? response.row_count() : -1;
  }
  v1::BatchCommitWriteStreamsResponse Commit(const std::vector<std::string>& names) {
    grpc::ClientContext context;
    v1::BatchCommitWriteStreamsRequest request;
    request.set_parent(kTable);
    for (const std::string& name : names) request.add_write_streams(name);
    v1::BatchCommitWriteStreamsResponse response;
    const grpc::Status status = stub_->BatchCommitWriteStreams(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Flush(const std::string& name, std::optional<int64_t> offset) {
    grpc::ClientContext context;
    v1::FlushRowsRequest request;
    request.set_write_stream(name);
    if (offset) request.mutable_offset()->set_value(*offset);
    v1::FlushRowsResponse response;
    const grpc::Status status = stub_->FlushRows(&context, request, &response);
    EXPECT_EQ(response.offset(), status.ok() ? *offset : 0);
    return status;
  }
  // All on one connection, sent before the first answer is read.
  std::vector<v1::AppendRowsResponse> Append(const std::vector<v1::AppendRowsRequest>& requests) {
    grpc::ClientContext context;
    auto rpc = stub_->AppendRows(&context);
    for (const auto& request : requests) EXPECT_TRUE(rpc->Write(request));
    std::vector<v1::AppendRowsResponse> responses(requests.size());
    for (auto& response : responses) EXPECT_TRUE(rpc->Read(&response));
    rpc->WritesDone();
    EXPECT_TRUE(rpc->Finish().ok());
    return responses;
  }
  v1::AppendRowsResponse Append(const v1::AppendRowsRequest& request) {
    return Append(std::vector<v1::AppendRowsRequest>{request})[0];
  }

  WriteOptions options_;
  engine::testing::TableDriver table_{{}};
  std::unique_ptr<WriteService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::BigQueryWrite::Stub> stub_;
};

TEST_F(WriteStreamsTest, CreateAndGetTellWhatAStreamIs) {
  for (const auto type : {v1::WriteStream::COMMITTED, v1::WriteStream::PENDING, v1::WriteStream::BUFFERED}) {
    const v1::WriteStream created = Create(type);
    EXPECT_THAT(created.name(), StartsWith(absl::StrCat(kTable, "/streams/")));
    EXPECT_EQ(created.type(), type);
    EXPECT_EQ(created.create_time().seconds(), absl::ToUnixSeconds(table_.clock().Now()));
    EXPECT_EQ(created.has_commit_time(), type == v1::WriteStream::COMMITTED);
    EXPECT_EQ(created.location(), "");
    ASSERT_THAT(created.table_schema().fields(), SizeIs(2));
    v1::WriteStream got;
    ASSERT_TRUE(Get(created.name(), &got).ok());
    EXPECT_EQ(got.name(), created.name());
    EXPECT_EQ(got.type(), type);
    EXPECT_EQ(got.location(), "us");
    EXPECT_TRUE(got.has_create_time());
    EXPECT_FALSE(got.has_table_schema());
    ASSERT_TRUE(Get(created.name(), &got, v1::FULL).ok());
    EXPECT_THAT(got.table_schema().fields(), SizeIs(2));
  }
  v1::WriteStream got;
  const grpc::Status gone = Get(kNeverCreated, &got);
  EXPECT_EQ(gone.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(gone.error_message(), absl::StrCat("Requested entity was not found. Entity: ", kNeverCreated));
  EXPECT_EQ(DetailOf(gone), v1::StorageError::STREAM_NOT_FOUND);
}

TEST_F(WriteStreamsTest, CreateRefusesWhatIsNoTableOrType) {
  const auto create = [&](const std::string& parent, v1::WriteStream::Type type) {
    grpc::ClientContext context;
    v1::CreateWriteStreamRequest request;
    request.set_parent(parent);
    request.mutable_write_stream()->set_type(type);
    v1::WriteStream stream;
    return stub_->CreateWriteStream(&context, request, &stream).error_code();
  };
  EXPECT_EQ(create("projects/p/datasets/d/tables/absent", v1::WriteStream::PENDING),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(create("projects/p/datasets/d", v1::WriteStream::PENDING), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(create(absl::StrCat(kTable, "/streams"), v1::WriteStream::PENDING),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(create(kTable, v1::WriteStream::TYPE_UNSPECIFIED), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WriteStreamsTest, OffsetsAreExactOverPipelinedRequestsAndARestart) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  auto answers = Append({Request(name, {1, 2}, 0), Request(name, {1, 2}, 0), Request(name, {9}, 100),
                         Request(name, {3}), Request(name, {4, 5}, 3)});
  EXPECT_EQ(answers[0].append_result().offset().value(), 0);
  EXPECT_TRUE(answers[0].append_result().has_offset());
  EXPECT_EQ(answers[0].write_stream(), name);
  EXPECT_EQ(answers[1].error().code(), 6);
  EXPECT_EQ(answers[1].error().message(),
            absl::StrCat("The offset is within stream, expected offset 2, received 0 Entity: ", name));
  EXPECT_EQ(DetailOf(answers[1]), v1::StorageError::OFFSET_ALREADY_EXISTS);
  EXPECT_EQ(answers[2].error().code(), 11);
  EXPECT_EQ(answers[2].error().message(),
            absl::StrCat("The offset is beyond stream, expected offset 2, received 100 Entity: ", name));
  EXPECT_EQ(DetailOf(answers[2]), v1::StorageError::OFFSET_OUT_OF_RANGE);
  EXPECT_EQ(answers[3].append_result().offset().value(), 2);
  EXPECT_EQ(answers[4].append_result().offset().value(), 3);
  Restart();
  EXPECT_EQ(DetailOf(Append(Request(name, {4, 5}, 3))), v1::StorageError::OFFSET_ALREADY_EXISTS);
  EXPECT_EQ(Append(Request(name, {6}, 5)).append_result().offset().value(), 5);
  EXPECT_EQ(table_.Rows(), "1=NULL 2=NULL 3=NULL 4=NULL 5=NULL 6=NULL");
}

TEST_F(WriteStreamsTest, ARequestThatIsRefusedLeavesAGapForTheOnesBehindIt) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  v1::AppendRowsRequest bad = Request(name, {2}, 1);
  bad.mutable_proto_rows()->mutable_rows()->add_serialized_rows("\x08");
  const auto answers = Append({Request(name, {1}, 0), bad, Request(name, {4}, 3)});
  EXPECT_TRUE(answers[0].has_append_result());
  EXPECT_THAT(answers[1].row_errors(), SizeIs(1));
  EXPECT_EQ(DetailOf(answers[2]), v1::StorageError::OFFSET_OUT_OF_RANGE);
  EXPECT_EQ(table_.Rows(), "1=NULL");
}

TEST_F(WriteStreamsTest, FinalizeEndsAStream) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  EXPECT_EQ(Finalize(Create(v1::WriteStream::PENDING).name()), 0);
  ASSERT_TRUE(Append(Request(name, {1, 2}, 0)).has_append_result());
  EXPECT_EQ(Finalize(name), 2);
  const v1::AppendRowsResponse late = Append(Request(name, {3}, 2));
  EXPECT_EQ(late.error().code(), 3);
  EXPECT_THAT(late.error().message(), HasSubstr("Stream has been finalized"));
  EXPECT_EQ(DetailOf(late), v1::StorageError::STREAM_FINALIZED);
  EXPECT_EQ(Finalize(kNeverCreated), -1);
}

TEST_F(WriteStreamsTest, PendingStreamsAreCommittedTogetherOrNotAtAll) {
  const std::string a = Create(v1::WriteStream::PENDING).name();
  const std::string b = Create(v1::WriteStream::PENDING).name();
  const std::string committed = Create(v1::WriteStream::COMMITTED).name();
  ASSERT_TRUE(Append({Request(a, {1}, 0), Request(b, {2}, 0), Request(a, {3}, 1)})[2].has_append_result());
  EXPECT_EQ(Finalize(a), 2);
  v1::BatchCommitWriteStreamsResponse answer = Commit({a, b, committed, kNeverCreated});
  EXPECT_FALSE(answer.has_commit_time());
  ASSERT_THAT(answer.stream_errors(), SizeIs(3));
  for (const v1::StorageError& error : answer.stream_errors()) {
    EXPECT_EQ(error.code(), error.entity() == b           ? v1::StorageError::INVALID_STREAM_STATE
                            : error.entity() == committed ? v1::StorageError::INVALID_STREAM_TYPE
                                                          : v1::StorageError::STREAM_NOT_FOUND)
        << error.ShortDebugString();
  }
  Restart();
  EXPECT_EQ(table_.Rows(), "");
  EXPECT_EQ(Finalize(b), 1);
  answer = Commit({a, b});
  EXPECT_TRUE(answer.has_commit_time());
  EXPECT_THAT(answer.stream_errors(), SizeIs(0));
  EXPECT_EQ(table_.Rows(), "1=NULL 2=NULL 3=NULL");
  v1::WriteStream got;
  ASSERT_TRUE(Get(a, &got).ok());
  EXPECT_EQ(got.commit_time().seconds(), answer.commit_time().seconds());
  EXPECT_EQ(got.commit_time().nanos(), answer.commit_time().nanos());
  answer = Commit({a});
  ASSERT_THAT(answer.stream_errors(), SizeIs(1));
  EXPECT_EQ(answer.stream_errors(0).code(), v1::StorageError::STREAM_ALREADY_COMMITTED);
  EXPECT_FALSE(answer.has_commit_time());
}

TEST_F(WriteStreamsTest, BufferedRowsShowUpToTheFlushedOffset) {
  const std::string name = Create(v1::WriteStream::BUFFERED).name();
  const grpc::Status empty = Flush(name, 0);
  EXPECT_EQ(empty.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(empty.error_message(), absl::StrCat("Offset 0 is beyond the end of the stream Entity: ", name));
  ASSERT_TRUE(Append(Request(name, {1, 2, 3}, 0)).has_append_result());
  EXPECT_EQ(table_.Rows(), "");
  EXPECT_TRUE(Flush(name, 1).ok());
  EXPECT_EQ(table_.Rows(), "1=NULL 2=NULL");
  EXPECT_EQ(Flush(name, 1).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(Flush(name, std::nullopt).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  Restart();
  EXPECT_TRUE(Flush(name, 2).ok());
  EXPECT_EQ(table_.Rows(), "1=NULL 2=NULL 3=NULL");
  EXPECT_EQ(Finalize(name), 3);
  EXPECT_EQ(DetailOf(Flush(name, 2)), v1::StorageError::STREAM_FINALIZED);
  EXPECT_EQ(DetailOf(Flush(Create(v1::WriteStream::PENDING).name(), 0)),
            v1::StorageError::INVALID_STREAM_TYPE);
  EXPECT_EQ(DetailOf(Flush(absl::StrCat(kTable, "/streams/_default"), 0)),
            v1::StorageError::INVALID_STREAM_TYPE);
}

TEST_F(WriteStreamsTest, ChangesAreRefusedInsertsAreTaken) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  const auto answers = Append({Request(name, {1}, 0, "UPSERT"), Request(name, {1}, 0, "DELETE"),
                               Request(name, {1}, 0, "INSERT"), Request(name, {2}, 1)});
  EXPECT_EQ(answers[0].error().code(), 3);
  EXPECT_THAT(answers[0].error().message(),
              HasSubstr("The given value is not a valid CHANGE_TYPE in insert mode: UPSERT"));
  ASSERT_THAT(answers[1].row_errors(), SizeIs(1));
  EXPECT_EQ(answers[1].row_errors(0).message(),
            "The given value is not a valid CHANGE_TYPE in insert mode: DELETE");
  EXPECT_TRUE(answers[2].has_append_result());
  EXPECT_TRUE(answers[3].has_append_result());
  EXPECT_EQ(table_.Rows(), "1=NULL 2=NULL");
}

TEST_F(WriteStreamsTest, AStreamGoesWithItsTable) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  const catalog::Table entity = *table_.database().GetTable(table_.id());
  grpc::ClientContext context;
  auto rpc = stub_->AppendRows(&context);
  v1::AppendRowsResponse answer;
  ASSERT_TRUE(rpc->Write(Request(name, {1}, 0)) && rpc->Read(&answer));
  ASSERT_TRUE(answer.has_append_result());
  ASSERT_TRUE(table_.database().CreateTable(entity, /*replace=*/true).ok());
  ASSERT_TRUE(rpc->Write(Request(name, {2}, 1)) && rpc->Read(&answer));
  EXPECT_EQ(answer.error().message(), absl::StrCat("Table p:d.t is re-created. Entity: ", name));
  rpc->WritesDone();
  EXPECT_TRUE(rpc->Finish().ok());
  const v1::AppendRowsResponse fresh = Append(Request(name, {2}, 1));
  EXPECT_EQ(fresh.error().code(), 5);
  EXPECT_EQ(DetailOf(fresh), v1::StorageError::STREAM_NOT_FOUND);
  EXPECT_EQ(fresh.error().message(), absl::StrCat("Requested entity was not found. Entity: ", name));
}

TEST_F(WriteStreamsTest, ADescriptorThatDoesNotFitEndsTheCallAfterTheAnswersThatAreDue) {
  const std::string name = Create(v1::WriteStream::COMMITTED).name();
  grpc::ClientContext context;
  const auto call = stub_->AppendRows(&context);
  ASSERT_TRUE(call->Write(Request(name, {1}, 0)));
  v1::AppendRowsRequest extra = Request(name, {2}, 1);
  auto* field = extra.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor()->add_field();
  field->set_name("extra");
  field->set_number(9);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
  ASSERT_TRUE(call->Write(extra));
  for (int64_t id = 3; id < 20 && call->Write(Request(name, {id}, id - 2)); ++id) {
  }
  v1::AppendRowsResponse response;
  ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.append_result().offset().value(), 0);
  EXPECT_FALSE(call->Read(&response)) << response.ShortDebugString();
  const grpc::Status end = call->Finish();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(end.error_message(),
            absl::StrCat("Schema mismatch due to extra fields in user schema Entity: ", name));
  EXPECT_EQ(DetailOf(end), v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS);
  EXPECT_EQ(Finalize(name), 1) << "what came behind it is not stored";
}

TEST_F(WriteStreamsTest, AViewTakesNoRows) {
  catalog::Table view;
  view.id = {"p", "d", "v"};
  view.schema.columns.emplace_back().name = "id";
  view.schema.columns[0].type = schema::ColumnType::kInt64;
  view.view = catalog::View{"SELECT 1 AS id", {}};
  ASSERT_TRUE(table_.database().CreateTable(view, false).ok());
  const std::string name = "projects/p/datasets/d/tables/v";
  const auto responses =
      Append({Request(name + "/streams/_default", {1}), Request(name + "/streams/_default", {1})});
  for (const auto& response : responses) {
    EXPECT_EQ(response.error().code(), 3);
    EXPECT_EQ(response.error().message(),
              absl::StrCat("Cannot write to p:d.v: it is a VIEW Entity: ", name, "/_default"));
  }
  grpc::ClientContext context;
  v1::CreateWriteStreamRequest request;
  request.set_parent(name);
  request.mutable_write_stream()->set_type(v1::WriteStream::PENDING);
  v1::WriteStream stream;
  EXPECT_EQ(stub_->CreateWriteStream(&context, request, &stream).error_message(),
            "Cannot write to p:d.v: it is a VIEW");
}

TEST_F(WriteStreamsTest, ATableIsDeniedUntilItHasPropagated) {
  Stop();
  options_.table_propagation = absl::Minutes(1);
  Start();
  grpc::ClientContext context;
  const auto call = stub_->AppendRows(&context);
  const auto ask = [&call] {
    v1::AppendRowsResponse response;
    EXPECT_TRUE(call->Write(Request(absl::StrCat(kTable, "/streams/_default"), {1})) &&
                call->Read(&response));
    return response;
  };
  const auto create = [this] {
    grpc::ClientContext creation;
    v1::CreateWriteStreamRequest request;
    request.set_parent(kTable);
    request.mutable_write_stream()->set_type(v1::WriteStream::PENDING);
    v1::WriteStream stream;
    return stub_->CreateWriteStream(&creation, request, &stream);
  };
  EXPECT_EQ(ask().error().code(), 7);
  EXPECT_EQ(create().error_message(), absl::StrCat("Permission 'TABLES_UPDATE_DATA' denied on resource '",
                                                   kTable, "' (or it may not exist)."));
  table_.clock().Advance(absl::Minutes(1));
  EXPECT_TRUE(ask().has_append_result());
  EXPECT_TRUE(create().ok());
  call->WritesDone();
  EXPECT_TRUE(call->Finish().ok());
}

TEST_F(WriteStreamsTest, AChangeOfColumnsIsUnknownUntilItHasPropagated) {
  Stop();
  options_.column_propagation = absl::Seconds(35);
  Start();
  const std::string stream = absl::StrCat(kTable, "/streams/_default");
  grpc::ClientContext context;
  const auto call = stub_->AppendRows(&context);
  const auto ask = [&call](const v1::AppendRowsRequest& request) {
    v1::AppendRowsResponse response;
    EXPECT_TRUE(call->Write(request) && call->Read(&response));
    return response;
  };
  EXPECT_TRUE(ask(Request(stream, {1})).has_append_result());
  ASSERT_TRUE(table_.database()
                  .UpdateTable({"p", "d", "t"}, std::nullopt,
                               [](catalog::Table& table) {
                                 table.schema.columns.push_back(
                                     {.name = "extra", .type = schema::ColumnType::kString});
                                 return absl::OkStatus();
                               })
                  .ok());
  v1::AppendRowsRequest extra = Request(stream, {2});
  auto* field = extra.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor()->add_field();
  field->set_name("extra");
  field->set_number(9);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
  table_.clock().Advance(absl::Seconds(34));
  EXPECT_EQ(DetailOf(ask(extra)), v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS);
  EXPECT_EQ(DetailOf(Append(extra)), v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS) << "a new connection";
  const v1::AppendRowsResponse old_fields = ask(Request(stream, {3}));
  EXPECT_TRUE(old_fields.has_append_result() && !old_fields.has_updated_schema());
  table_.clock().Advance(absl::Seconds(1));
  const v1::AppendRowsResponse known = ask(extra);
  EXPECT_TRUE(known.has_append_result() && known.has_updated_schema());
  call->WritesDone();
  EXPECT_TRUE(call->Finish().ok());
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
