#include "tests/conformance/append_client.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::conformance {
namespace {

using google::protobuf::FieldDescriptorProto;

constexpr char kDetailsUrl[] = "conformance/details";

absl::Status FromGrpc(const grpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  if (!status.error_details().empty()) result.SetPayload(kDetailsUrl, absl::Cord(status.error_details()));
  return result;
}

absl::StatusOr<storage::TableSchema> FetchSchema(storage::BigQueryWrite::Stub& stub,
                                                 const std::string& table) {
  grpc::ClientContext context;
  storage::GetWriteStreamRequest request;
  request.set_name(absl::StrCat(table, "/streams/_default"));
  request.set_view(storage::FULL);
  storage::WriteStream stream;
  BQCDC_RETURN_IF_ERROR(FromGrpc(stub.GetWriteStream(&context, request, &stream)));
  return stream.table_schema();
}

FieldDescriptorProto::Type WireType(const std::string& type) {
  return type == "INT64" ? FieldDescriptorProto::TYPE_INT64 : FieldDescriptorProto::TYPE_STRING;
}

void SetField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
              const nlohmann::json& value) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.type() == google::protobuf::FieldDescriptor::TYPE_INT64) {
    reflection.SetInt64(&message, &field, value.get<int64_t>());
  } else {
    reflection.SetString(&message, &field, value.get<std::string>());
  }
}

}  // namespace

std::string DetailsOf(const absl::Status& status) {
  const auto details = status.GetPayload(kDetailsUrl);
  return details ? std::string(*details) : "";
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
                                                                 const std::string& table,
                                                                 const std::vector<std::string>& columns,
                                                                 const std::string& stream) {
  std::unique_ptr<AppendClient> client(new AppendClient);
  client->stream_name_ = stream.empty() ? absl::StrCat(table, "/streams/_default") : stream;
  BQCDC_ASSIGN_OR_RETURN(storage::TableSchema table_schema, FetchSchema(stub, table));
  client->schema_.set_name("Row");
  for (const std::string& column : columns) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(column, absl::MaxSplits(':', 1));
    std::string type = parts.second;
    for (const auto& field : table_schema.fields()) {
      if (type.empty() && field.name() == parts.first && field.type() == storage::TableFieldSchema::INT64)
        type = "INT64";
    }
    FieldDescriptorProto& field = *client->schema_.add_field();
    field.set_name(parts.first);
    field.set_number(client->schema_.field_size());
    field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(WireType(type));
  }
  google::protobuf::FileDescriptorProto file;
  file.set_name("row.proto");
  *file.add_message_type() = client->schema_;
  const auto* built = client->pool_.BuildFile(file);
  if (built == nullptr) return absl::InvalidArgumentError("the columns make no message");
  client->descriptor_ = built->message_type(0);
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

absl::StatusOr<storage::AppendRowsResponse> AppendClient::Append(const std::vector<std::string>& json_rows,
                                                                 const Options& options) {
  storage::AppendRowsRequest request;
  if (!schema_sent_) {
    request.set_write_stream(stream_name_);
    *request.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor() = schema_;
    schema_sent_ = true;
  }
  for (const std::string& text : json_rows) {
    std::unique_ptr<google::protobuf::Message> message(factory_.GetPrototype(descriptor_)->New());
    const nlohmann::json row = nlohmann::json::parse(text);
    for (const auto& [name, value] : row.items()) {
      const auto* field = descriptor_->FindFieldByName(name);
      if (field == nullptr)
        return absl::InvalidArgumentError(absl::StrCat("the connection has no field ", name));
      SetField(*message, *field, value);
    }
    request.mutable_proto_rows()->mutable_rows()->add_serialized_rows(message->SerializeAsString());
  }
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
  if (options.offset) request.mutable_offset()->set_value(*options.offset);
  storage::AppendRowsResponse response;
  if (rpc_->Write(request) && rpc_->Read(&response)) return response;
  rpc_->WritesDone();
  absl::Status ended = FromGrpc(rpc_->Finish());
  rpc_ = nullptr;
  return ended.ok() ? absl::UnavailableError("the service ended the connection") : ended;
}

}  // namespace bqcdc::conformance
