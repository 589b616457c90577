#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "bqcdc/emulator/convert/testing/wire_bytes.h"

namespace bqcdc::emulator::convert::testing {
namespace {

constexpr std::string_view kMalformedRow = "The row is not a valid serialized protobuf message.";

// name, column type, descriptor field (type and label)
struct FieldText {
  const char* column;
  const char* field;
};
constexpr FieldText kFields[] = {
    {"c1 BOOL", "type: TYPE_BOOL"},
    {"c2 INT64", "type: TYPE_SINT64"},
    {"c3 FLOAT64", "type: TYPE_FLOAT"},
    {"c4 NUMERIC", "type: TYPE_BYTES"},
    {"c5 NUMERIC(10, 2)", "type: TYPE_STRING"},
    {"c6 BIGNUMERIC", "type: TYPE_BYTES"},
    {"c7 STRING(20)", "type: TYPE_STRING"},
    {"c8 BYTES", "type: TYPE_BYTES"},
    {"c9 DATE", "type: TYPE_STRING"},
    {"c10 DATETIME", "type: TYPE_INT64"},
    {"c11 TIME", "type: TYPE_STRING"},
    {"c12 TIMESTAMP", "type: TYPE_MESSAGE type_name: 'T'"},
    {"c13 JSON", "type: TYPE_STRING"},
    {"c14 STRING", "type: TYPE_MESSAGE type_name: 'W'"},
    {"c15 ARRAY<INT64>", "type: TYPE_INT32 label: LABEL_REPEATED"},
    {"c16 ARRAY<STRING>", "type: TYPE_ENUM type_name: 'E' label: LABEL_REPEATED"},
};

schema::TableSchema MakeTable() {
  schema::TableSchema table;
  for (const FieldText& field : kFields) table.columns.push_back(MakeColumn(field.column));
  table.columns.push_back(MakeStruct("s", {MakeColumn("a INT64"), MakeColumn("b ARRAY<BYTES>")}));
  table.columns.push_back(
      MakeStruct("r", {MakeColumn("a DATETIME"), MakeStruct("n", {MakeColumn("z STRING REQUIRED")})},
                 schema::ColumnMode::kRepeated));
  for (const char* column :
       {"g GEOGRAPHY", "i INTERVAL", "p RANGE<TIMESTAMP>", "q ARRAY<RANGE<DATE>>", "u TIMESTAMP(12)"}) {
    table.columns.push_back(MakeColumn(column));
  }
  table.primary_key = {"c2"};
  return table;
}

std::string MakeDescriptor() {
  std::string text = "name: 'R' ";
  int number = 0;
  for (const FieldText& field : kFields) {
    ++number;
    absl::StrAppend(&text, "field { name: 'c", number, "' number: ", number, " ", field.field, " } ");
  }
  absl::StrAppend(&text, R"(
      field { name: 's' number: 17 type: TYPE_GROUP type_name: 'S' }
      field { name: 'r' number: 18 type: TYPE_MESSAGE type_name: 'L' label: LABEL_REPEATED }
      field { name: '_CHANGE_TYPE' number: 19 type: TYPE_STRING }
      field { name: '_CHANGE_SEQUENCE_NUMBER' number: 20 type: TYPE_STRING }
      field { name: 'g' number: 21 type: TYPE_STRING }
      field { name: 'i' number: 22 type: TYPE_STRING }
      field { name: 'p' number: 23 type: TYPE_MESSAGE type_name: 'P' }
      field { name: 'q' number: 24 type: TYPE_MESSAGE type_name: 'Q' label: LABEL_REPEATED }
      field { name: 'u' number: 25 type: TYPE_STRING }
      nested_type { name: 'P' field { name: 'start' number: 1 type: TYPE_INT64 } field { name: 'end' number: 2 type: TYPE_MESSAGE type_name: 'T' } }
      nested_type { name: 'Q' field { name: 'start' number: 1 type: TYPE_INT32 } field { name: 'end' number: 2 type: TYPE_STRING } }
      nested_type { name: 'T' field { name: 'seconds' number: 1 type: TYPE_INT64 } field { name: 'nanos' number: 2 type: TYPE_INT32 } }
      nested_type { name: 'W' field { name: 'value' number: 1 type: TYPE_STRING } }
      nested_type { name: 'S' field { name: 'a' number: 1 type: TYPE_FIXED32 } field { name: 'b' number: 2 type: TYPE_BYTES label: LABEL_REPEATED } }
      nested_type { name: 'L' field { name: 'a' number: 1 type: TYPE_STRING } field { name: 'n' number: 2 type: TYPE_MESSAGE type_name: 'N' } }
      nested_type { name: 'N' field { name: 'z' number: 1 type: TYPE_STRING } }
      enum_type { name: 'E' value { name: 'A' number: 0 } value { name: 'B' number: 5 } })");
  return Descriptor(text);
}

}  // namespace

std::vector<std::string> ForeignSeeds() {
  std::string row = VarintField(1, 1) + VarintField(2, 77) + FloatField(3, 1.5f) +
                    BytesField(4, Hex("00108dbe1c")) + BytesField(5, "12.34") +
                    BytesField(6, std::string(31, '\xff') + "\x7f") + BytesField(7, "grüße");
  row += BytesField(8, "\xff\x01") + BytesField(9, "2024-02-29") + VarintField(10, 142439173919083028) +
         BytesField(11, "12:34:56.789012") + BytesField(12, VarintField(1, 60) + VarintField(2, 5)) +
         BytesField(13, R"({"a":[1,"x"]})") + BytesField(14, BytesField(1, "w"));
  row += BytesField(15, Varint(1) + Varint(2)) + VarintField(15, 3) + VarintField(16, 5) +
         GroupField(17, Fixed32Field(1, 9) + BytesField(2, "b")) +
         BytesField(18, BytesField(1, "2024-01-01 00:00:00") + BytesField(2, BytesField(1, "z")));
  row += BytesField(21, "POLYGON((0 0, 4 0, 4 4, 0 0))") + BytesField(22, "1-2 3 4:5:6.5") +
         BytesField(23, VarintField(1, 1) + BytesField(2, VarintField(1, 60))) + BytesField(24, "") +
         BytesField(24, VarintField(1, 1) + BytesField(2, "2024-02-29")) +
         BytesField(25, "2024-02-29 12:34:56.123456789012+00");
  return {row, row + BytesField(19, "UPSERT") + BytesField(20, "1/2/A/0"), row + BytesField(19, "DELETE"),
          MakeDescriptor()};
}

std::string ForeignDescriptor() { return MakeDescriptor(); }

ForeignRow DecodeForeignRow(std::string_view bytes) {
  static const schema::TableSchema table = MakeTable();
  static const std::shared_ptr<const WriterPlan> plan = CompileWriterSchema(MakeDescriptor(), table).value();
  const std::string_view rows[] = {bytes};
  DecodeInput input;
  input.rows = rows;
  const auto decoded = DecodeRows(*plan, input);
  if (!decoded.ok()) std::abort();
  ForeignRow row;
  row.is_delete = decoded->kinds.front() == ChangeKind::kDelete;
  if (!decoded->faults.empty()) {
    row.fault = decoded->faults.front().message;
    row.malformed = row.fault == kMalformedRow;
    return row;
  }
  // What was accepted can be read back.
  for (size_t i = 0; i < table.columns.size(); ++i) {
    std::string text = CellText(table.columns[i], decoded->chunks[0].Reader(i), 0);
    if (i == 1) row.c2 = std::move(text);
    if (i == 6) row.c7 = std::move(text);
  }
  return row;
}

absl::Status CompileForeignDescriptor(std::string_view bytes) {
  static const schema::TableSchema table = MakeTable();
  return CompileWriterSchema(bytes, table).status();
}

void DecodeForeignBytes(std::string_view bytes) {
  DecodeForeignRow(bytes);
  if (CompileForeignDescriptor(bytes).ok() && bytes.empty()) std::abort();
}

}  // namespace bqcdc::emulator::convert::testing
