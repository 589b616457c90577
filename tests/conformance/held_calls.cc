#include "tests/conformance/held_calls.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "tests/conformance/append_client.h"

namespace bqcdc::conformance {
namespace {

// What Google's front ends allow on one connection.
constexpr size_t kCallsOnAConnectionMax = 100;

storage::AppendRowsRequest WithoutRows(const std::string& table) {
  storage::AppendRowsRequest request;
  request.set_write_stream(absl::StrCat(table, "/streams/_default"));
  auto& message = *request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor();
  message.set_name("Row");
  auto& field = *message.add_field();
  field.set_name("id");
  field.set_number(1);
  field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  field.set_type(google::protobuf::FieldDescriptorProto::TYPE_INT64);
  return request;
}

}  // namespace

struct HeldCalls::Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<storage::AppendRowsRequest, storage::AppendRowsResponse>> rpc;
};

HeldCalls::HeldCalls(Endpoint& endpoint) : endpoint_(endpoint) {}

HeldCalls::~HeldCalls() {
  for (const auto& call : calls_) call->context.TryCancel();
  for (const auto& call : calls_) call->rpc->Finish();
}

absl::Status HeldCalls::Open(const std::string& table, size_t count) {
  while (held_ < count)
    BQCDC_RETURN_IF_ERROR(AddConnection(table, std::min(count - held_, kCallsOnAConnectionMax)));
  return absl::OkStatus();
}

absl::Status HeldCalls::AddConnection(const std::string& table, size_t calls) {
  BQCDC_ASSIGN_OR_RETURN(channels_.emplace_back(), endpoint_.OpenStorage());
  const auto stub = storage::BigQueryWrite::NewStub(channels_.back());
  const storage::AppendRowsRequest request = WithoutRows(table);
  std::vector<std::unique_ptr<Call>> opened;
  for (size_t i = 0; i < calls; ++i) {
    auto call = std::make_unique<Call>();
    SetRouting(call->context, Routing::kEncoded, "write_stream", request.write_stream());
    call->rpc = stub->AppendRows(&call->context);
    call->rpc->Write(request);
    opened.push_back(std::move(call));
  }
  absl::Status refusal;
  for (auto& call : opened) {
    storage::AppendRowsResponse response;
    if (!call->rpc->Read(&response)) {
      const grpc::Status ended = call->rpc->Finish();
      refusal.Update(absl::Status(static_cast<absl::StatusCode>(ended.error_code()), ended.error_message()));
      continue;
    }
    if (response.error().code() == static_cast<int>(absl::StatusCode::kResourceExhausted)) {
      refusal.Update(absl::ResourceExhaustedError(response.error().message()));
    } else {
      ++held_;
    }
    calls_.push_back(std::move(call));
  }
  return refusal;
}

}  // namespace bqcdc::conformance
