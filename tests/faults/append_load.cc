#include "tests/faults/append_load.h"

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace bqcdc::faults {
namespace {

void AppendVarint(uint64_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

void AppendText(char tag, const std::string& text, std::string* bytes) {
  bytes->push_back(tag);
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

std::string Serialize(const LoadRow& row) {
  std::string bytes = "\x08";
  AppendVarint(static_cast<uint64_t>(row.id), &bytes);
  bytes.push_back('\x10');
  AppendVarint(static_cast<uint64_t>(row.value), &bytes);
  AppendText('\x1a', row.text, &bytes);
  if (!row.change_type.empty()) AppendText('\x22', row.change_type, &bytes);
  if (!row.sequence.empty()) AppendText('\x2a', row.sequence, &bytes);
  return bytes;
}

}  // namespace

std::string TablePath(const std::string& table) {
  return absl::StrCat("projects/p/datasets/d/tables/", table);
}
std::string DefaultStreamOf(const std::string& table) {
  return absl::StrCat(TablePath(table), "/streams/_default");
}

AppendConnection::AppendConnection(v1::BigQueryWrite::Stub& stub, const std::string& stream, bool keyed)
    : stream_(stub.AppendRows(&context_)) {
  first_.set_write_stream(stream);
  auto* schema = first_.mutable_proto_rows()->mutable_writer_schema()->mutable_proto_descriptor();
  schema->set_name("Row");
  int number = 0;
  for (const char* name : {"id", "value", "text", "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"}) {
    if (++number > 3 && !keyed) break;
    auto* field = schema->add_field();
    field->set_name(name);
    field->set_number(number);
    field->set_type(number <= 2 ? google::protobuf::FieldDescriptorProto::TYPE_INT64
                                : google::protobuf::FieldDescriptorProto::TYPE_STRING);
  }
}

AppendConnection::~AppendConnection() {
  context_.TryCancel();
  v1::AppendRowsResponse response;
  while (stream_->Read(&response)) {
  }
  stream_->Finish();
}

bool AppendConnection::Send(const std::vector<LoadRow>& rows, std::optional<int64_t> offset) {
  v1::AppendRowsRequest request;
  if (!started_) request = first_;
  started_ = true;
  if (offset) request.mutable_offset()->set_value(*offset);
  for (const LoadRow& row : rows) {
    request.mutable_proto_rows()->mutable_rows()->add_serialized_rows(Serialize(row));
  }
  return stream_->Write(request);
}

bool AppendConnection::Receive(v1::AppendRowsResponse* response) { return stream_->Read(response); }

std::unique_ptr<v1::BigQueryWrite::Stub> MakeStub(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a restarted server is another one
  return v1::BigQueryWrite::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace bqcdc::faults
