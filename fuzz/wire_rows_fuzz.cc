// Bytes from a foreign hand as a row: the server's decoder, which builds no message, and protobuf's own
// parser must agree on whether they are a message, and on the values of some columns where they are.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

namespace {

namespace convert = bqcdc::emulator::convert;
namespace pb = google::protobuf;

struct Message {
  pb::LogSilencer silence;  // It complains of bytes that are no UTF-8.

  Message() {
    pb::FileDescriptorProto file;
    file.set_name("row.proto");
    if (!file.add_message_type()->ParseFromString(convert::testing::ForeignDescriptor())) std::abort();
    type = pool.BuildFile(file)->message_type(0);
    row.reset(factory.GetPrototype(type)->New());
  }

  pb::DescriptorPool pool;
  pb::DynamicMessageFactory factory;
  const pb::Descriptor* type = nullptr;
  std::unique_ptr<pb::Message> row;
};

[[noreturn]] void Differ(std::string_view row, const std::string& what) {
  std::fprintf(stderr, "%s\nthe decoder and protobuf differ: %s\n",
               absl::BytesToHexString({row.data(), row.size()}).c_str(), what.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Message* const message = new Message();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool parsed = message->row->ParsePartialFromArray(data, static_cast<int>(size));
  const convert::testing::ForeignRow row = convert::testing::DecodeForeignRow(bytes);
  if (parsed && row.malformed) Differ(bytes, "only protobuf takes the bytes for a message");
  if (row.is_delete) return 0;
  if (!parsed && !row.malformed && row.fault.empty())
    Differ(bytes, "only the decoder takes the bytes for a message");
  if (!parsed || !row.fault.empty() || row.malformed) return 0;
  const pb::Reflection& reflection = *message->row->GetReflection();
  const pb::FieldDescriptor* number = message->type->FindFieldByName("c2");
  const std::string expected = reflection.HasField(*message->row, number)
                                   ? absl::StrCat(reflection.GetInt64(*message->row, number))
                                   : "NULL";
  if (row.c2 != expected) Differ(bytes, absl::StrCat("INT64 column: ", row.c2, ", not ", expected));
  const pb::FieldDescriptor* text = message->type->FindFieldByName("c7");
  const std::string said = reflection.HasField(*message->row, text)
                               ? absl::StrCat("\"", reflection.GetString(*message->row, text), "\"")
                               : "NULL";
  if (row.c7 != said) Differ(bytes, absl::StrCat("STRING column: ", row.c7, ", not ", said));
  return 0;
}
