#include "tests/type_table/type_table.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/arrow_message.h"
#include "bqcdc/emulator/convert/arrow/arrow_schema.h"
#include "bqcdc/emulator/convert/arrow/arrow_type.h"
#include "bqcdc/emulator/convert/json_rows.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/convert/testing/arrow_fixture.h"
#include "bqcdc/emulator/convert/writer_schema.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/row_descriptor.h"
#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::tests {
namespace {

namespace convert = emulator::convert;
namespace ipc = convert::ipc;
namespace testing = convert::testing;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using schema::Column;
using schema::ColumnMode;
using schema::ColumnType;

// A column of each type, with the JSON whose way is shown.
struct TypeSample {
  const char* type;
  const char* json;
};
constexpr TypeSample kTypes[] = {
    {"BOOL", "true"},
    {"INT64", "\"-42\""},
    {"FLOAT64", "2.5"},
    {"NUMERIC", "12.50"},
    {"NUMERIC(5,2)", "\"999.991\""},
    {"BIGNUMERIC", "\"1e-38\""},
    {"STRING", "\"grüße\""},
    {"STRING(3)", "\"äöü\""},
    {"BYTES", "\"AP8=\""},
    {"DATE", "\"2024-02-29\""},
    {"DATETIME", "\"2024-02-29T12:34:56.5\""},
    {"TIME", "\"12:34:56.789012\""},
    {"TIMESTAMP", "\"2024-01-15T12:33:16.123456Z\""},
    {"TIMESTAMP(12)", "\"2024-01-15 12:33:16.123456789012+00\""},
    {"JSON", "{\"a\":[1,null]}"},
    {"INTERVAL", "\"1-2 3 4:5:6.5\""},
    {"GEOGRAPHY", "{\"type\":\"Point\",\"coordinates\":[1,2]}"},
    {"RANGE<DATE>", "{\"start\":\"2024-01-01\",\"end\":null}"},
    {"RANGE<DATETIME>", "\"[2024-01-01 00:00:00, 2024-02-01 00:00:00)\""},
    {"RANGE<TIMESTAMP>", "\"[UNBOUNDED, 2024-02-01 00:00:00+00)\""},
    {"STRUCT<a INT64>", "{\"a\":1}"},
    {"ARRAY<INT64>", "[1,2]"},
};

// JSON that every type is asked about.
constexpr const char* kJsonForms[] = {
    "true",
    "12",
    "12.5",
    "12.0",
    "142439173919083028",
    "\"any text\"",
    "\"true\"",
    "\"12\"",
    "\"12.5\"",
    "\"NaN\"",
    "\"AP8=\"",
    "\"2024-02-29\"",
    "\"2024/02/29\"",
    "\"12:34\"",
    "\"12:34:56.789012\"",
    "\"2024-02-29 12:34:56\"",
    "\"2024/02/29 12:34\"",
    "\"2024-02-29T12:34:56.789012Z\"",
    "\"2024-02-29 12:34:56.123456789012+00\"",
    "\"1-2 3 4:5:6.5\"",
    "\"P1Y2M3DT4H5M6.5S\"",
    "\"POINT(1 2)\"",
    "\"[2024-01-01, UNBOUNDED)\"",
    "\"[2024-01-01 00:00:00, 2024-02-01 00:00:00)\"",
    "\"[2024-01-01 00:00:00+00, NULL)\"",
    "{\"a\":1}",
    "{\"type\":\"Point\",\"coordinates\":[1,2]}",
    "{\"start\":\"2024-01-01\"}",
    "[1,2]",
    "[-128,127]",
};

// What a field of the writer schema can be.
struct FieldForm {
  const char* name;
  FieldDescriptorProto::Type type;
  const char* message = "";  // of TYPE_MESSAGE
};
constexpr FieldForm kFieldForms[] = {
    {"bool", FieldDescriptorProto::TYPE_BOOL},
    {"int32", FieldDescriptorProto::TYPE_INT32},
    {"int64", FieldDescriptorProto::TYPE_INT64},
    {"uint32", FieldDescriptorProto::TYPE_UINT32},
    {"uint64", FieldDescriptorProto::TYPE_UINT64},
    {"sint32", FieldDescriptorProto::TYPE_SINT32},
    {"sint64", FieldDescriptorProto::TYPE_SINT64},
    {"fixed32", FieldDescriptorProto::TYPE_FIXED32},
    {"fixed64", FieldDescriptorProto::TYPE_FIXED64},
    {"sfixed32", FieldDescriptorProto::TYPE_SFIXED32},
    {"sfixed64", FieldDescriptorProto::TYPE_SFIXED64},
    {"float", FieldDescriptorProto::TYPE_FLOAT},
    {"double", FieldDescriptorProto::TYPE_DOUBLE},
    {"enum", FieldDescriptorProto::TYPE_ENUM},
    {"string", FieldDescriptorProto::TYPE_STRING},
    {"bytes", FieldDescriptorProto::TYPE_BYTES},
    {"BoolValue", FieldDescriptorProto::TYPE_MESSAGE, "bool"},
    {"Int32Value", FieldDescriptorProto::TYPE_MESSAGE, "int32"},
    {"Int64Value", FieldDescriptorProto::TYPE_MESSAGE, "int64"},
    {"UInt32Value", FieldDescriptorProto::TYPE_MESSAGE, "uint32"},
    {"UInt64Value", FieldDescriptorProto::TYPE_MESSAGE, "uint64"},
    {"FloatValue", FieldDescriptorProto::TYPE_MESSAGE, "float"},
    {"DoubleValue", FieldDescriptorProto::TYPE_MESSAGE, "double"},
    {"StringValue", FieldDescriptorProto::TYPE_MESSAGE, "string"},
    {"BytesValue", FieldDescriptorProto::TYPE_MESSAGE, "bytes"},
    {"Timestamp", FieldDescriptorProto::TYPE_MESSAGE, "timestamp"},
    {"Duration", FieldDescriptorProto::TYPE_MESSAGE, "duration"},
    {"message of its fields", FieldDescriptorProto::TYPE_MESSAGE, "parts"},
};

[[noreturn]] void Fail(std::string_view what) {
  std::fprintf(stderr, "type table: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void Require(const absl::Status& status) {
  if (!status.ok()) Fail(base::ToStd(status.message()));
}

Column ColumnOf(std::string_view type) {
  Column column{.name = "c"};
  if (type == "STRUCT<a INT64>") {
    column.type = ColumnType::kStruct;
    column.fields = {{.name = "a", .type = ColumnType::kInt64}};
  } else if (type == "ARRAY<INT64>") {
    column.type = ColumnType::kInt64;
    column.mode = ColumnMode::kRepeated;
  } else {
    Require(schema::ParseScalarType(type, &column));
  }
  return column;
}

schema::TableSchema TableOf(const Column& column) {
  return {{{.name = "id", .type = ColumnType::kInt64}, column}, {"id"}};
}

// The row of {"id": 1, "c": json}; empty where it is refused.
std::string Encode(const schema::TableSchema& table, std::string_view json) {
  auto plan = encode::EncodePlan::Create(table);
  Require(plan.status());
  encode::JsonRowEncoder encoder(*plan);
  encode::EncodedRows rows;
  const encode::OwnedLine line(base::StrCat(R"({"id":1,"c":)", json, R"(,"_CHANGE_TYPE":"UPSERT"})"));
  if (encoder.EncodeLine(line.line(), {}, &rows) != encode::EncodeError::kNone) return "";
  return std::string(rows.row(0));
}

std::string Code(std::string_view text) {
  std::string code = "`";
  for (const char c : text) {
    if (c == '|') code += '\\';
    code += c;
  }
  return code + "`";
}

void AppendItem(std::string* list, std::string_view item) {
  base::StrAppend(list, list->empty() ? "" : ", ", item);
}

std::string JsonForms(const Column& column) {
  const schema::TableSchema table = TableOf(column);
  std::string forms;
  bool any_text = false;
  for (const char* form : kJsonForms) {
    if (Encode(table, form).empty()) continue;
    if (std::string_view(form) == "\"any text\"") any_text = true;
    // Where any text is taken, the special ones say nothing.
    if (any_text && form[0] == '"' && std::string_view(form) != "\"any text\"") continue;
    AppendItem(&forms, Code(form));
  }
  return forms;
}

FieldDescriptorProto* AddField(DescriptorProto* message, const char* name, FieldDescriptorProto::Type type) {
  FieldDescriptorProto* const field = message->add_field();
  field->set_name(name);
  field->set_number(message->field_size());
  field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(type);
  return field;
}

FieldDescriptorProto::Type TypeCalled(std::string_view name) {
  for (const FieldForm& form : kFieldForms) {
    if (name == form.name) return form.type;
  }
  Fail(name);
}

// The column's own parts by the encoder's types.
void AddParts(const Column& column, DescriptorProto* message) {
  DescriptorProto row;
  Require(encode::BuildRowDescriptor(TableOf(column), encode::ChangeColumns::kLeftOut, &row));
  if (row.nested_type_size() == 0) return;
  for (const FieldDescriptorProto& field : row.nested_type(0).field()) *message->add_field() = field;
}

bool Takes(const Column& column, const FieldForm& form) {
  DescriptorProto row;
  row.set_name("Row");
  FieldDescriptorProto* const field = AddField(&row, "c", form.type);
  if (column.repeated()) field->set_label(FieldDescriptorProto::LABEL_REPEATED);
  if (form.type == FieldDescriptorProto::TYPE_ENUM) {
    field->set_type_name("Kind");
    auto* const kind = row.add_enum_type();
    kind->set_name("Kind");
    auto* const value = kind->add_value();
    value->set_name("NONE");
    value->set_number(0);
  }
  if (form.type == FieldDescriptorProto::TYPE_MESSAGE) {
    field->set_type_name("Inner");
    DescriptorProto* const inner = row.add_nested_type();
    inner->set_name("Inner");
    const std::string_view message = form.message;
    if (message == "timestamp" || message == "duration") {
      // Told by their shape, which is one: INTERVAL takes the shape as a Duration, TIMESTAMP as a Timestamp.
      if ((message == "duration") != (column.type == ColumnType::kInterval)) return false;
      AddField(inner, "seconds", FieldDescriptorProto::TYPE_INT64);
      AddField(inner, "nanos", FieldDescriptorProto::TYPE_INT32);
    } else if (message == "parts") {
      AddParts(column, inner);
      if (inner->field_size() == 0) return false;
    } else {
      AddField(inner, "value", TypeCalled(message));
    }
  }
  return convert::CompileWriterSchema(row.SerializeAsString(), {{column}, {}}).ok();
}

// The form that bqcdc itself sends stands first, in bold.
std::string FieldForms(const Column& column) {
  DescriptorProto row;
  Require(encode::BuildRowDescriptor(TableOf(column), encode::ChangeColumns::kLeftOut, &row));
  const FieldDescriptorProto::Type own = row.field(1).type();
  std::string forms;
  for (const bool is_own : {true, false}) {
    for (const FieldForm& form : kFieldForms) {
      const bool matches =
          form.type == own && (form.message[0] == '\0' || std::string_view(form.message) == "parts");
      if (matches != is_own || !Takes(column, form)) continue;
      AppendItem(&forms, is_own ? base::StrCat("**", form.name, "**") : std::string(form.name));
    }
  }
  return forms;
}

// Fields of an Arrow schema that stand for all that Arrow has; each is called `c`.
std::vector<testing::ArrowField> ArrowFields(const Column& column) {
  using namespace testing;  // NOLINT: the words of the fixture
  std::vector<ArrowField> fields = {PlainField("c", ipc::Type::Bool)};
  for (const int bits : {8, 16, 32, 64}) {
    for (const bool is_signed : {true, false}) fields.push_back(IntField("c", bits, is_signed));
  }
  for (const auto precision : {ipc::Precision::HALF, ipc::Precision::SINGLE, ipc::Precision::DOUBLE}) {
    fields.push_back(FloatField("c", precision));
  }
  for (const int scale : {0, 9, 10}) fields.push_back(DecimalField("c", 128, 38, scale));
  for (const int scale : {0, 38, 39}) fields.push_back(DecimalField("c", 256, 76, scale));
  for (const auto type : {ipc::Type::Utf8, ipc::Type::LargeUtf8, ipc::Type::Binary, ipc::Type::LargeBinary,
                          ipc::Type::FixedSizeBinary, ipc::Type::Duration, ipc::Type::Null}) {
    fields.push_back(PlainField("c", type));
  }
  for (const auto unit : {ipc::DateUnit::DAY, ipc::DateUnit::MILLISECOND})
    fields.push_back(DateField("c", unit));
  for (const auto unit : {ipc::TimeUnit::SECOND, ipc::TimeUnit::MILLISECOND, ipc::TimeUnit::MICROSECOND,
                          ipc::TimeUnit::NANOSECOND}) {
    fields.push_back(TimeField("c", unit, unit <= ipc::TimeUnit::MILLISECOND ? 32 : 64));
    fields.push_back(TimestampField("c", unit));
    fields.push_back(TimestampField("c", unit, "UTC"));
  }
  for (const auto unit :
       {ipc::IntervalUnit::YEAR_MONTH, ipc::IntervalUnit::DAY_TIME, ipc::IntervalUnit::MONTH_DAY_NANO}) {
    fields.push_back(IntervalField("c", unit));
  }
  // Structs of the column's own parts, each filled by one of the fields above.
  const std::vector<Column>& parts = schema::PartsOf(column);
  if (parts.empty()) return fields;
  std::vector<ArrowField> structs;
  for (const ArrowField& field : fields) {
    ArrowField made = StructField("c", {});
    for (const Column& part : parts) {
      made.children.push_back(field);
      made.children.back().name = part.name;
    }
    structs.push_back(std::move(made));
  }
  return structs;
}

std::string ArrowForms(const Column& column) {
  std::string forms;
  for (testing::ArrowField field : ArrowFields(column)) {
    if (column.repeated()) field = testing::ListField("c", std::move(field));
    const std::string message = testing::SchemaMessage({field});
    if (!convert::CompileArrowSchema(message, {{column}, {}}).ok()) continue;
    const auto parsed = convert::ArrowMessage::Parse(message, "schema");
    Require(parsed.status());
    AppendItem(&forms, Code(convert::ArrowTypeName(*parsed->schema()->fields()->Get(0))));
  }
  return forms;
}

// `v` of the value in a query's answer.
std::string Shown(const Column& column, std::string_view json, convert::TimestampFormat timestamps) {
  const schema::TableSchema table = TableOf(column);
  const std::string row = Encode(table, json);
  if (row.empty()) Fail(base::StrCat("refused: ", json));
  DescriptorProto descriptor;
  Require(encode::BuildRowDescriptor(table, encode::ChangeColumns::kIncluded, &descriptor));
  const auto plan = convert::CompileWriterSchema(descriptor.SerializeAsString(), table);
  Require(plan.status());
  const std::string_view rows[] = {row};
  const auto decoded = convert::DecodeRows(**plan, rows, {});
  Require(decoded.status());
  if (!decoded->faults.empty()) Fail(decoded->faults[0].message);
  const std::vector<convert::SelectedColumn> selection = {convert::SelectAll(table.columns)[1]};
  std::string out;
  convert::JsonRowWriter(table.columns, selection, timestamps)
      .AppendRows(decoded->chunks[0], 0, 1, 1 << 20, &out);
  constexpr std::string_view kBefore = "{\"f\":[{\"v\":";
  return out.substr(kBefore.size(), out.size() - kBefore.size() - std::string_view("}]}").size());
}

std::string ShownForms(const Column& column, std::string_view json) {
  using convert::TimestampFormat;
  const std::string plain = Shown(column, json, TimestampFormat::kFloat64);
  std::string text = Code(plain);
  for (const TimestampFormat format : {TimestampFormat::kInt64, TimestampFormat::kIso8601}) {
    const std::string other = Shown(column, json, format);
    if (other != plain) AppendItem(&text, Code(other));
  }
  return text;
}

constexpr std::string_view kIntroduction = R"(# Column types

Generated from what the code does, by `BQCDC_UPDATE=1 ctest -R type_table`; a page that is out of date fails the suite. Do not edit.

Types that are not here do not exist in BigQuery tables. A JSON `null` and an absent key are NULL everywhere, an empty array where the column is
REPEATED. The rules behind the forms are in [json_row_encoder.h](../bqcdc/encode/json_row_encoder.h) and Google's
[data type conversions](https://cloud.google.com/bigquery/docs/write-api#data_type_conversions).

## What a line of `bqcdc stream` may hold

Each sample of this table was encoded: a type lists those that it takes. `"any text"` stands for every text.

| Column | JSON |
|---|---|
)";

constexpr std::string_view kFields = R"(
## What a protobuf field of a writer may be

By the writer schemas that `bqcdc serve` takes. **Bold**: what `bqcdc` sends. Wrappers (`Int64Value` and relatives), `Timestamp` and `Duration` are
those of google.protobuf. Where a column is REPEATED the field is, packed or not. Names outside of protobuf's alphabet stand in the option `column_name`.

| Column | Fields |
|---|---|
)";

constexpr std::string_view kArrow = R"(
## What an Arrow field of a writer may be

By the Arrow schemas that `bqcdc serve` takes, types as Arrow's libraries print them; a decimal may have any precision, and any scale up to the one that is
shown. `NULL` is a missing value, in a List an error; a List itself is empty, never `NULL`. Bodies are not compressed, fields have no dictionary. Changes
(`_CHANGE_TYPE`) come as protobuf rows only.

| Column | Fields |
|---|---|
)";

constexpr std::string_view kResults = R"(
## How values are shown

A value on its way: the line, and `v` in answers of queries and `tabledata.list`. Where the format of timestamps matters, the others follow: `INT64`
(`useInt64Timestamp`), then `ISO8601_STRING`.

| Column | Line | Shown |
|---|---|---|
)";

}  // namespace

std::string TypeTablePage() {
  std::string page(kIntroduction);
  for (const TypeSample& sample : kTypes) {
    base::StrAppend(&page, "| ", Code(sample.type), " | ", JsonForms(ColumnOf(sample.type)), " |\n");
  }
  page += kFields;
  for (const TypeSample& sample : kTypes) {
    base::StrAppend(&page, "| ", Code(sample.type), " | ", FieldForms(ColumnOf(sample.type)), " |\n");
  }
  page += kArrow;
  for (const TypeSample& sample : kTypes) {
    base::StrAppend(&page, "| ", Code(sample.type), " | ", ArrowForms(ColumnOf(sample.type)), " |\n");
  }
  page += kResults;
  for (const TypeSample& sample : kTypes) {
    base::StrAppend(&page, "| ", Code(sample.type), " | ", Code(sample.json), " | ",
                    ShownForms(ColumnOf(sample.type), sample.json), " |\n");
  }
  return page;
}

}  // namespace bqcdc::tests
