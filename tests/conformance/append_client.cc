#include "tests/conformance/append_client.h"

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/http/transport.h"

namespace bqcdc::conformance {
namespace {

constexpr char kDetailsUrl[] = "conformance/details";

std::string DefaultStream(const std::string& table) { return absl::StrCat(table, "/streams/_default"); }

void SetMissingValues(const AppendClient::Options& options, storage::AppendRowsRequest& request) {
  const auto interpretation = [](const std::string& name) {
    auto value = storage::AppendRowsRequest::MISSING_VALUE_INTERPRETATION_UNSPECIFIED;
    storage::AppendRowsRequest::MissingValueInterpretation_Parse(name, &value);
    return value;
  };
  for (const auto& [column, name] : options.missing) {
    (*request.mutable_missing_value_interpretations())[column] = interpretation(name);
  }
  if (!options.default_missing.empty()) {
    request.set_default_missing_value_interpretation(interpretation(options.default_missing));
  }
}

}  // namespace

void SetRouting(grpc::ClientContext& context, Routing routing, const std::string& key,
                const std::string& name) {
  if (routing == Routing::kNone) return;
  context.AddMetadata("x-goog-request-params",
                      absl::StrCat(key, "=", routing == Routing::kRaw ? name : http::UrlEncode(name)));
}

absl::Status FromGrpc(const grpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  if (!status.error_details().empty()) result.SetPayload(kDetailsUrl, absl::Cord(status.error_details()));
  return result;
}

std::string DetailsOf(const absl::Status& status) {
  const auto details = status.GetPayload(kDetailsUrl);
  return details ? std::string(*details) : "";
}

absl::StatusOr<storage::TableSchema> FetchSchema(storage::BigQueryWrite::Stub& stub,
                                                 const std::string& table) {
  grpc::ClientContext context;
  storage::GetWriteStreamRequest request;
  request.set_name(DefaultStream(table));
  request.set_view(storage::FULL);
  SetRouting(context, Routing::kEncoded, "name", request.name());
  storage::WriteStream stream;
  BQCDC_RETURN_IF_ERROR(FromGrpc(stub.GetWriteStream(&context, request, &stream)));
  return stream.table_schema();
}

absl::StatusOr<std::vector<std::string>> AllColumns(storage::BigQueryWrite::Stub& stub,
                                                    const std::string& table) {
  BQCDC_ASSIGN_OR_RETURN(storage::TableSchema schema, FetchSchema(stub, table));
  std::vector<std::string> columns;
  for (const auto& field : schema.fields()) columns.push_back(field.name());
  columns.insert(columns.end(), {"_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"});
  return columns;
}

absl::StatusOr<std::unique_ptr<AppendClient>> AppendClient::Open(storage::BigQueryWrite::Stub& stub,
                                                                 const Target& target,
                                                                 const std::vector<std::string>& columns) {
  std::unique_ptr<AppendClient> client(new AppendClient);
  client->stub_ = &stub;
  client->table_ = target.table;
  client->stream_name_ = target.stream.empty() ? DefaultStream(target.table) : target.stream;
  BQCDC_RETURN_IF_ERROR(client->ChangeColumns(columns));
  SetRouting(client->context_, target.routing, "write_stream", client->stream_name_);
  client->rpc_ = stub.AppendRows(&client->context_);
  return client;
}

AppendClient::~AppendClient() {
  if (rpc_ == nullptr) return;
  rpc_->WritesDone();
  storage::AppendRowsResponse ignored;
  while (rpc_->Read(&ignored)) {
  }
  rpc_->Finish();
}

absl::Status AppendClient::ChangeColumns(const std::vector<std::string>& columns) {
  BQCDC_ASSIGN_OR_RETURN(const storage::TableSchema table, FetchSchema(*stub_, table_));
  BQCDC_ASSIGN_OR_RETURN(message_, RowMessage::Make(columns, table));
  destinations_.clear();
  return absl::OkStatus();
}

absl::StatusOr<storage::AppendRowsResponse> AppendClient::Append(const std::vector<std::string>& json_rows,
                                                                 const Options& options) {
  storage::AppendRowsRequest request;
  const std::string destination = options.table.empty() ? stream_name_ : DefaultStream(options.table);
  const bool is_new = destinations_.insert(destination).second;
  if (is_new)
    *request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor() = message_->schema();
  several_ |= destinations_.size() > 1;
  if (is_new || several_) request.set_write_stream(destination);
  for (const std::string& text : json_rows) {
    BQCDC_ASSIGN_OR_RETURN(*request.mutable_proto_rows()->mutable_rows()->add_serialized_rows(),
                           message_->Serialize(text));
  }
  SetMissingValues(options, request);
  if (options.offset) request.mutable_offset()->set_value(*options.offset);
  storage::AppendRowsResponse response;
  if (rpc_->Write(request) && rpc_->Read(&response)) return response;
  rpc_->WritesDone();
  absl::Status ended = FromGrpc(rpc_->Finish());
  rpc_ = nullptr;
  return ended.ok() ? absl::UnavailableError("the service ended the connection") : ended;
}

}  // namespace bqcdc::conformance
