#include "tests/hostile/ordinary_client.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "httplib.h"
#include "nlohmann/json.hpp"

namespace bqcdc::hostile {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using nlohmann::json;

constexpr int kPatienceSeconds = 30;
constexpr absl::Duration kPause = absl::Milliseconds(20);  // between rounds

}  // namespace

OrdinaryClient::OrdinaryClient(const std::string& rest, const std::string& storage)
    : rest_(rest), storage_(storage) {
  failure_ = Ask("CREATE SCHEMA IF NOT EXISTS ordinary");
  if (failure_.empty()) failure_ = Ask("CREATE OR REPLACE TABLE ordinary.t (id INT64)");
  thread_ = std::thread([this] { Run(); });
}

OrdinaryClient::~OrdinaryClient() { Stop(); }

std::string OrdinaryClient::Stop() {
  if (!stop_.HasBeenNotified()) stop_.Notify();
  if (thread_.joinable()) thread_.join();
  return failure_;
}

void OrdinaryClient::Run() {
  while (failure_.empty() && !stop_.WaitForNotificationWithTimeout(kPause)) {
    const absl::Time began = absl::Now();
    failure_ = Round();
    slowest_ = std::max(slowest_, absl::Now() - began);
    absl::MutexLock lock(&mutex_);
    if (failure_.empty()) ++rounds_;
  }
}

bool OrdinaryClient::AwaitRounds(int count) {
  absl::MutexLock lock(&mutex_);
  const int wanted = rounds_ + count;
  const auto served = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return rounds_ >= wanted; };
  return mutex_.AwaitWithTimeout(absl::Condition(&served), count * absl::Seconds(kPatienceSeconds));
}

std::string OrdinaryClient::Round() {
  httplib::Client client(rest_);
  client.set_read_timeout(kPatienceSeconds);
  const auto got = client.Get("/bigquery/v2/projects/p/datasets/ordinary/tables/t");
  if (!got || got->status != 200)
    return absl::StrCat("tables.get: ", got ? got->body : httplib::to_string(got.error()));
  std::string failure = Ask("SELECT COUNT(*) FROM ordinary.t");
  return failure.empty() ? Append() : failure;
}

std::string OrdinaryClient::Ask(const std::string& sql) {
  httplib::Client client(rest_);
  client.set_read_timeout(kPatienceSeconds);
  const auto answer = client.Post("/bigquery/v2/projects/p/queries",
                                  json{{"query", sql}, {"useLegacySql", false}}.dump(), "application/json");
  if (!answer) return absl::StrCat(sql, ": ", httplib::to_string(answer.error()));
  return answer->status == 200 ? "" : absl::StrCat(sql, ": ", answer->body);
}

std::string OrdinaryClient::Append() {
  const auto stub =
      v1::BigQueryWrite::NewStub(grpc::CreateCustomChannel(storage_, grpc::InsecureChannelCredentials(), [] {
        grpc::ChannelArguments arguments;
        // A connection of its own each time.
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        return arguments;
      }()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(kPatienceSeconds));
  const auto call = stub->AppendRows(&context);
  v1::AppendRowsRequest request;
  request.set_write_stream("projects/p/datasets/ordinary/tables/t/streams/_default");
  auto* schema = request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor();
  schema->set_name("Row");
  auto* field = schema->add_field();
  field->set_name("id");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT64);
  request.mutable_proto_rows()->mutable_rows()->add_serialized_rows("\x08\x01");
  v1::AppendRowsResponse response;
  const bool answered = call->Write(request) && call->Read(&response);
  call->WritesDone();
  const grpc::Status status = call->Finish();
  if (!answered || !status.ok()) return absl::StrCat("append: ", status.error_message());
  return response.has_error() ? absl::StrCat("append: ", response.error().message()) : "";
}

}  // namespace bqcdc::hostile
