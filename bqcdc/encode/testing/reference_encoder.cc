#include "bqcdc/encode/testing/reference_encoder.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/encode/row_descriptor.h"
#include "bqcdc/encode/testing/json_tree.h"
#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::encode::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using schema::Column;
using schema::ColumnType;

absl::Status Refuse(const Column& column, std::string_view why) {
  return base::InvalidArgument("reference: column ", column.name, ": ", why);
}

// Bytes of a decimal: |text| * 10^scale by schoolbook arithmetic on decimal digits, then base 256, two's
// complement, shortest little-endian form. Rounds half away from zero.
std::string DecimalBytes(std::string text, int scale) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.erase(0, 1);
  long exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string::npos) {
    exponent = std::strtol(text.c_str() + e + 1, nullptr, 10);
    text.erase(e);
  }
  const size_t point = text.find('.');
  long fraction_digits = point == std::string::npos ? 0 : static_cast<long>(text.size() - point - 1);
  if (point != std::string::npos) text.erase(point, 1);
  // The value is text * 10^(exponent - fraction_digits).
  long shift = exponent - fraction_digits + scale;
  for (; shift > 0; --shift) text += '0';
  bool round_up = false;
  for (; shift < 0; ++shift) {
    if (text.empty()) text = "0";
    round_up = text.back() >= '5';
    text.pop_back();
  }
  std::vector<int> bytes = {0};  // base 256, least significant first
  const auto multiply_add = [&bytes](int factor, int addend) {
    int carry = addend;
    for (int& byte : bytes) {
      const int value = byte * factor + carry;
      byte = value % 256;
      carry = value / 256;
    }
    if (carry != 0) bytes.push_back(carry);
  };
  for (const char digit : text) multiply_add(10, digit - '0');
  if (round_up) multiply_add(1, 1);
  bytes.push_back(0);  // Room for the sign.
  if (negative) {
    for (int& byte : bytes) byte = 255 - byte;
    for (int& byte : bytes) {
      byte = (byte + 1) % 256;
      if (byte != 0) break;
    }
  }
  while (bytes.size() > 1) {
    const int last = bytes.back();
    const bool next_negative = bytes[bytes.size() - 2] >= 128;
    if (!(last == 0 && !next_negative) && !(last == 255 && next_negative)) break;
    bytes.pop_back();
  }
  return std::string(bytes.begin(), bytes.end());
}

struct Clock {
  long hour = 0;
  long minute = 0;
  long second = 0;
  long micros = 0;
};

// HH:MM:SS[.F]
bool ReadClock(const std::string& text, Clock* clock) {
  char fraction[16] = "";
  const int count = std::sscanf(text.c_str(), "%ld:%ld:%ld.%6[0-9]", &clock->hour, &clock->minute,
                                &clock->second, fraction);
  if (count < 3) return false;
  std::string digits(fraction);
  digits.resize(6, '0');
  clock->micros = std::strtol(digits.c_str(), nullptr, 10);
  return true;
}

long PackClock(const Clock& clock) {
  return ((clock.hour << 12) + (clock.minute << 6) + clock.second) * (1L << 20) + clock.micros;
}

absl::StatusOr<long> PackedDatetime(const Column& column, const std::string& text) {
  long year = 0;
  long month = 0;
  long day = 0;
  if (std::sscanf(text.c_str(), "%ld-%ld-%ld", &year, &month, &day) != 3)
    return Refuse(column, "no datetime");
  Clock clock;
  if (text.size() > 11 && !ReadClock(text.substr(11), &clock)) return Refuse(column, "no datetime");
  return ((year << 26) + (month << 22) + (day << 17)) * (1L << 20) + PackClock(clock);
}

absl::StatusOr<long> TimestampMicros(const Column& column, const JsonTree& value) {
  if (value.kind == JsonTree::Kind::kNumber) return std::strtol(value.text.c_str(), nullptr, 10);
  std::string text = value.text;
  if (text.size() > 10) text[10] = 'T';
  if (const size_t utc = text.find(" UTC"); utc != std::string::npos) text.replace(utc, 4, "Z");
  absl::Time time;
  std::string error;
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, &time, &error)) return absl::ToUnixMicros(time);
  }
  return Refuse(column, "no timestamp");
}

// In UTC, with 0, 3, 6 or 12 digits of a second, as many as are needed.
absl::StatusOr<std::string> PicosecondText(const Column& column, const JsonTree& value) {
  JsonTree seconds = value;
  std::string fraction;
  if (const size_t point = value.text.find('.'); point != std::string::npos) {
    const size_t end = std::min(value.text.find_first_not_of("0123456789", point + 1), value.text.size());
    fraction = value.text.substr(point + 1, end - point - 1);
    seconds.text.erase(point, end - point);
  }
  BQCDC_ASSIGN_OR_RETURN(const long micros, TimestampMicros(column, seconds));
  fraction.resize(12, '0');
  for (const size_t digits : {6, 3, 0}) {
    if (fraction.find_first_not_of('0', digits) == std::string::npos) fraction.resize(digits);
  }
  return absl::StrCat(
      absl::FormatTime("%E4Y-%m-%d %H:%M:%S", absl::FromUnixMicros(micros), absl::UTCTimeZone()),
      fraction.empty() ? "" : ".", fraction, "+00");
}

absl::StatusOr<long> DateDays(const Column& column, const JsonTree& value) {
  if (value.kind == JsonTree::Kind::kNumber) return std::strtol(value.text.c_str(), nullptr, 10);
  absl::CivilDay day;
  if (!absl::ParseCivilTime(value.text, &day)) return Refuse(column, "no date");
  return day - absl::CivilDay(1970, 1, 1);
}

absl::StatusOr<std::string> BytesOf(const Column& column, const std::string& text) {
  std::string bytes;
  if (absl::Base64Unescape(text, &bytes) || absl::WebSafeBase64Unescape(text, &bytes)) return bytes;
  return Refuse(column, "no base64");
}

double DoubleOf(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

// Sets or adds one value of any type.
class FieldWriter {
 public:
  FieldWriter(Message* message, const FieldDescriptor* field)
      : message_(message), field_(field), reflection_(message->GetReflection()) {}

  absl::Status Write(const Column& column, const JsonTree& value);

 private:
  void Int64(int64_t value) {
    if (field_->is_repeated()) {
      reflection_->AddInt64(message_, field_, value);
    } else {
      reflection_->SetInt64(message_, field_, value);
    }
  }
  void Int32(int32_t value) {
    if (field_->is_repeated()) {
      reflection_->AddInt32(message_, field_, value);
    } else {
      reflection_->SetInt32(message_, field_, value);
    }
  }
  void Bool(bool value) {
    if (field_->is_repeated()) {
      reflection_->AddBool(message_, field_, value);
    } else {
      reflection_->SetBool(message_, field_, value);
    }
  }
  void Double(double value) {
    if (field_->is_repeated()) {
      reflection_->AddDouble(message_, field_, value);
    } else {
      reflection_->SetDouble(message_, field_, value);
    }
  }
  void String(std::string value) {
    if (field_->is_repeated()) {
      reflection_->AddString(message_, field_, std::move(value));
    } else {
      reflection_->SetString(message_, field_, std::move(value));
    }
  }
  Message* Nested() {
    return field_->is_repeated() ? reflection_->AddMessage(message_, field_)
                                 : reflection_->MutableMessage(message_, field_);
  }

  Message* message_;
  const FieldDescriptor* field_;
  const Reflection* reflection_;
};

// Writes the members of an object into a message; `columns` and the message's fields stand in the same order.
absl::Status WriteObject(const std::vector<Column>& columns, const JsonTree& object, Message* message) {
  if (object.kind != JsonTree::Kind::kObject) return base::InvalidArgument("reference: no object");
  for (const auto& [name, value] : object.members) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&name = name](const Column& candidate) {
      return schema::EqualsIgnoreCase(candidate.name, name);
    });
    if (column == columns.end()) return base::InvalidArgument("reference: unknown column ", name);
    if (value.kind == JsonTree::Kind::kNull) continue;
    const FieldDescriptor* field =
        message->GetDescriptor()->field(static_cast<int>(column - columns.begin()));
    FieldWriter writer(message, field);
    if (!column->repeated()) {
      BQCDC_RETURN_IF_ERROR(writer.Write(*column, value));
      continue;
    }
    if (value.kind != JsonTree::Kind::kArray) return Refuse(*column, "no array");
    for (const JsonTree& element : value.elements) BQCDC_RETURN_IF_ERROR(writer.Write(*column, element));
  }
  return absl::OkStatus();
}

absl::Status FieldWriter::Write(const Column& column, const JsonTree& value) {
  switch (column.type) {
    case ColumnType::kBool:
      Bool(schema::EqualsIgnoreCase(value.text, "true"));
      return absl::OkStatus();
    case ColumnType::kInt64:
      Int64(std::strtoll(value.text.c_str(), nullptr, 10));
      return absl::OkStatus();
    case ColumnType::kFloat64:
      Double(DoubleOf(value.text));
      return absl::OkStatus();
    case ColumnType::kNumeric:
      String(DecimalBytes(value.text, 9));
      return absl::OkStatus();
    case ColumnType::kBigNumeric:
      String(DecimalBytes(value.text, 38));
      return absl::OkStatus();
    case ColumnType::kJson:
    case ColumnType::kGeography:
      String(value.kind == JsonTree::Kind::kString ? value.text : value.source);
      return absl::OkStatus();
    case ColumnType::kString:
    case ColumnType::kInterval:
      String(value.text);
      return absl::OkStatus();
    case ColumnType::kBytes: {
      BQCDC_ASSIGN_OR_RETURN(std::string bytes, BytesOf(column, value.text));
      String(std::move(bytes));
      return absl::OkStatus();
    }
    case ColumnType::kDate: {
      BQCDC_ASSIGN_OR_RETURN(const long days, DateDays(column, value));
      if (field_->type() == FieldDescriptor::TYPE_INT32) Int32(static_cast<int32_t>(days));
      return absl::OkStatus();
    }
    case ColumnType::kTime: {
      Clock clock;
      if (!ReadClock(value.text, &clock)) return Refuse(column, "no time");
      Int64(PackClock(clock));
      return absl::OkStatus();
    }
    case ColumnType::kDatetime: {
      BQCDC_ASSIGN_OR_RETURN(const long packed, PackedDatetime(column, value.text));
      Int64(packed);
      return absl::OkStatus();
    }
    case ColumnType::kTimestamp: {
      if (column.picoseconds()) {
        BQCDC_ASSIGN_OR_RETURN(std::string text, PicosecondText(column, value));
        String(std::move(text));
        return absl::OkStatus();
      }
      BQCDC_ASSIGN_OR_RETURN(const long micros, TimestampMicros(column, value));
      Int64(micros);
      return absl::OkStatus();
    }
    case ColumnType::kRange: {
      const Column start{.name = "start", .type = *column.range_element_type};
      const Column end{.name = "end", .type = *column.range_element_type};
      return WriteObject({start, end}, value, Nested());
    }
    case ColumnType::kStruct:
      return WriteObject(column.fields, value, Nested());
  }
  return absl::OkStatus();
}

std::string Serialize(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReferenceEncoder>> ReferenceEncoder::Create(
    const schema::TableSchema& schema) {
  std::unique_ptr<ReferenceEncoder> encoder(new ReferenceEncoder());
  encoder->schema_ = schema;
  google::protobuf::FileDescriptorProto file;
  file.set_name("reference.proto");
  BQCDC_RETURN_IF_ERROR(BuildRowDescriptor(schema, ChangeColumns::kIncluded, file.add_message_type()));
  const google::protobuf::FileDescriptor* built = encoder->pool_.BuildFile(file);
  if (built == nullptr) return base::Internal("the row descriptor does not compile");
  encoder->descriptor_ = built->message_type(0);
  return encoder;
}

std::unique_ptr<Message> ReferenceEncoder::NewRow() const {
  return std::unique_ptr<Message>(factory_.GetPrototype(descriptor_)->New());
}

absl::StatusOr<std::string> ReferenceEncoder::Encode(std::string_view line, std::string_view sequence) const {
  BQCDC_ASSIGN_OR_RETURN(JsonTree tree, ParseJsonTree(line));
  std::string change_type;
  std::string number(sequence);
  JsonTree columns;
  columns.kind = JsonTree::Kind::kObject;
  for (auto& [name, value] : tree.members) {
    if (schema::EqualsIgnoreCase(name, "_CHANGE_TYPE")) {
      change_type = value.text;
    } else if (schema::EqualsIgnoreCase(name, "_CHANGE_SEQUENCE_NUMBER")) {
      number = value.text;
    } else {
      columns.members.push_back({name, value});
    }
  }
  if (change_type == "DELETE") {
    std::erase_if(columns.members,
                  [this](const auto& member) { return !schema_.KeyPosition(member.name).has_value(); });
  }
  const std::unique_ptr<Message> row = NewRow();
  BQCDC_RETURN_IF_ERROR(WriteObject(schema_.columns, columns, row.get()));
  const int count = static_cast<int>(schema_.columns.size());
  row->GetReflection()->SetString(row.get(), descriptor_->field(count), change_type);
  row->GetReflection()->SetString(row.get(), descriptor_->field(count + 1), number);
  return Serialize(*row);
}

absl::StatusOr<std::string> ReferenceEncoder::Normalize(std::string_view row) const {
  const std::unique_ptr<Message> message = NewRow();
  if (!message->ParseFromArray(row.data(), static_cast<int>(row.size()))) {
    return base::InvalidArgument("the row is no message");
  }
  return Serialize(*message);
}

}  // namespace bqcdc::encode::testing
