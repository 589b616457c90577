#include "bqcdc/emulator/convert/testing/foreign_bytes.h"

#include <cstdlib>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "bqcdc/emulator/convert/testing/reflected_cell.h"
#include "bqcdc/emulator/convert/testing/wire_bytes.h"
#include "bqcdc/values/sequence_number.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"

namespace bqcdc::emulator::convert::testing {
namespace {

namespace pb = google::protobuf;

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
// The kinds of fields that those leave out; they are called by their numbers, too. A default of the
// descriptor is no value.
constexpr uint32_t kMoreFieldsBegin = 26;
constexpr FieldText kMoreFields[] = {
    {"c26 FLOAT64", "type: TYPE_DOUBLE default_value: '7'"},
    {"c27 INT64", "type: TYPE_UINT32 default_value: '7'"},
    {"c28 BIGNUMERIC", "type: TYPE_UINT64"},
    {"c29 ARRAY<INT64>", "type: TYPE_SINT32 label: LABEL_REPEATED options { packed: true }"},
    {"c30 ARRAY<FLOAT64>", "type: TYPE_DOUBLE label: LABEL_REPEATED"},
    {"c31 ARRAY<INT64>", "type: TYPE_SFIXED64 label: LABEL_REPEATED"},
    {"c32 INT64", "type: TYPE_SFIXED32"},
    {"c33 NUMERIC", "type: TYPE_FIXED64"},
    {"c34 TIME", "type: TYPE_INT64"},
    {"c35 DATETIME", "type: TYPE_STRING"},
    {"c36 TIMESTAMP", "type: TYPE_INT64"},
    {"c37 INTERVAL", "type: TYPE_MESSAGE type_name: 'T'"},
    {"c38 FLOAT64", "type: TYPE_MESSAGE type_name: 'D'"},
    {"c39 ARRAY<INT64>", "type: TYPE_MESSAGE type_name: 'I' label: LABEL_REPEATED"},
    {"c40 INT64", "type: TYPE_ENUM type_name: 'E' default_value: 'B'"},
    {"c41 DATE", "type: TYPE_INT32"},
    {"c42 ARRAY<BOOL>", "type: TYPE_UINT64 label: LABEL_REPEATED"},
    {"c43 ARRAY<TIMESTAMP>", "type: TYPE_MESSAGE type_name: 'T' label: LABEL_REPEATED"},
    {"c44 ARRAY<NUMERIC(5, 2)>", "type: TYPE_FLOAT label: LABEL_REPEATED"},
    {"c45 BYTES(4)", "type: TYPE_STRING"},
    {"c46 TIMESTAMP(12)", "type: TYPE_MESSAGE type_name: 'T'"},
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
  for (const FieldText& field : kMoreFields) table.columns.push_back(MakeColumn(field.column));
  table.primary_key = {"c2"};
  return table;
}

std::string MakeDescriptor() {
  std::string text = "name: 'R' ";
  uint32_t number = 0;
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
      field { name: 'u' number: 25 type: TYPE_STRING })");
  number = kMoreFieldsBegin;
  for (const FieldText& field : kMoreFields) {
    absl::StrAppend(&text, "field { name: 'c", number, "' number: ", number, " ", field.field, " } ");
    ++number;
  }
  absl::StrAppend(&text, R"(
      nested_type { name: 'P' field { name: 'start' number: 1 type: TYPE_INT64 } field { name: 'end' number: 2 type: TYPE_MESSAGE type_name: 'T' } }
      nested_type { name: 'Q' field { name: 'start' number: 1 type: TYPE_INT32 } field { name: 'end' number: 2 type: TYPE_STRING } }
      nested_type { name: 'T' field { name: 'seconds' number: 1 type: TYPE_INT64 } field { name: 'nanos' number: 2 type: TYPE_INT32 } }
      nested_type { name: 'D' field { name: 'value' number: 1 type: TYPE_DOUBLE } }
      nested_type { name: 'I' field { name: 'value' number: 1 type: TYPE_INT32 } }
      nested_type { name: 'W' field { name: 'value' number: 1 type: TYPE_STRING } }
      nested_type { name: 'S' field { name: 'a' number: 1 type: TYPE_FIXED32 } field { name: 'b' number: 2 type: TYPE_BYTES label: LABEL_REPEATED } }
      nested_type { name: 'L' field { name: 'a' number: 1 type: TYPE_STRING } field { name: 'n' number: 2 type: TYPE_MESSAGE type_name: 'N' } }
      nested_type { name: 'N' field { name: 'z' number: 1 type: TYPE_STRING } }
      enum_type { name: 'E' value { name: 'A' number: 0 } value { name: 'B' number: 5 } })");
  return Descriptor(text);
}

const schema::TableSchema& Table() {
  static const schema::TableSchema table = MakeTable();
  return table;
}

// What the decoder made of bytes.
struct ForeignRow {
  bool malformed = false;          // no message at all
  bool is_delete = false;          // nothing but its key was looked at
  std::string fault;               // why the row was refused; empty = it was taken
  std::vector<std::string> cells;  // by column of the table, where it was taken
};

ForeignRow DecodeForeignRow(std::string_view bytes) {
  static const std::shared_ptr<const WriterPlan> plan =
      CompileWriterSchema(MakeDescriptor(), Table()).value();
  const std::string_view rows[] = {bytes};
  const auto decoded = DecodeRows(*plan, rows, {});
  if (!decoded.ok()) std::abort();
  ForeignRow row;
  row.is_delete = decoded->kinds.front() == ChangeKind::kDelete;
  if (!decoded->faults.empty()) {
    row.fault = decoded->faults.front().message;
    row.malformed = row.fault == kMalformedRow;
    return row;
  }
  for (size_t i = 0; i < Table().columns.size(); ++i) {
    row.cells.push_back(CellText(Table().columns[i], decoded->chunks[0].Reader(i), 0));
  }
  return row;
}

// The message type of the rows, for protobuf's own parser.
class ForeignMessage {
 public:
  ForeignMessage() {
    pb::FileDescriptorProto file;
    file.set_name("row.proto");
    if (!file.add_message_type()->ParseFromString(MakeDescriptor())) std::abort();
    const pb::FileDescriptor* const built = pool_.BuildFile(file);
    if (built == nullptr) std::abort();
    type_ = built->message_type(0);
  }

  const pb::Descriptor* type() const { return type_; }
  pb::Message* NewRow() const { return factory_.GetPrototype(type_)->New(); }

 private:
  pb::DescriptorPool pool_;
  mutable pb::DynamicMessageFactory factory_{&pool_};
  const pb::Descriptor* type_ = nullptr;
};

// What the row should be by protobuf's reflection.
struct ExpectedRow {
  std::string refused_for;  // the column that does not take its value; empty = the row is good
  std::vector<std::string> cells;
};

ExpectedRow Reflect(const pb::Message& message, const pb::Descriptor& type) {
  const pb::Reflection& reflection = *message.GetReflection();
  const auto text_of = [&](const char* name) -> std::optional<std::string> {
    const pb::FieldDescriptor* field = type.FindFieldByName(name);
    if (!reflection.HasField(message, field)) return std::nullopt;
    return reflection.GetString(message, field);
  };
  ExpectedRow row;
  const std::optional<std::string> change = text_of("_CHANGE_TYPE");
  const bool is_delete = change == "DELETE";
  if (change && !is_delete && change != "UPSERT" && change != "INSERT") row.refused_for = "_CHANGE_TYPE";
  const std::optional<std::string> sequence = text_of("_CHANGE_SEQUENCE_NUMBER");
  if (sequence && !values::SequenceNumber::Parse(*sequence)) row.refused_for = "_CHANGE_SEQUENCE_NUMBER";
  for (const schema::Column& column : Table().columns) {
    if (is_delete && !Table().KeyPosition(column.name)) {
      row.cells.emplace_back("NULL");
      continue;
    }
    const std::optional<std::string> cell =
        ReflectedCell(column, message, *type.FindFieldByName(column.name));
    if (!cell) row.refused_for = column.name;
    row.cells.push_back(cell.value_or(""));
  }
  return row;
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
  row += DoubleField(26, 2.5) + VarintField(27, 4294967295) + VarintField(28, ~uint64_t{0}) +
         BytesField(29, Varint(1) + Varint(2)) + BytesField(30, Little(0, 8)) + DoubleField(30, -0.5) +
         Fixed64Field(31, ~uint64_t{0}) + Fixed32Field(32, ~uint32_t{0}) + Fixed64Field(33, 12);
  row += VarintField(34, 53880818196) + BytesField(35, "2024-02-29T12:34:56") + SignedField(36, -1) +
         BytesField(37, SignedField(1, -5) + VarintField(2, 1000)) + BytesField(38, DoubleField(1, 1e300)) +
         BytesField(39, SignedField(1, -3)) + BytesField(39, "");
  row += VarintField(40, 5) + SignedField(41, -719162) + BytesField(42, Varint(0) + Varint(300)) +
         BytesField(43, VarintField(1, 1)) + BytesField(43, "") + FloatField(44, 999.99f) +
         BytesField(45, "\xff\x01") + BytesField(46, VarintField(1, 60) + VarintField(2, 999'999'999));
  return {row, row + BytesField(19, "UPSERT") + BytesField(20, "1/2/A/0"), row + BytesField(19, "DELETE"),
          row + row};
}

std::string ForeignDescriptor() { return MakeDescriptor(); }

std::string CompareForeignRow(std::string_view bytes) {
  static const ForeignMessage reference;
  const std::unique_ptr<pb::Message> message(reference.NewRow());
  const bool parsed = message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const ForeignRow row = DecodeForeignRow(bytes);
  if (parsed && row.malformed) return "only protobuf takes the bytes for a message";
  if (!parsed) {
    // What a DELETE holds beside its key is not even looked at.
    const bool is_refused = !row.fault.empty() || row.is_delete;
    return is_refused ? "" : "only the decoder takes the bytes for a message";
  }
  const ExpectedRow expected = Reflect(*message, *reference.type());
  if (expected.refused_for.empty() != row.fault.empty()) {
    return row.fault.empty()
               ? base::StrCat("only the decoder takes the row, in spite of ", expected.refused_for)
               : base::StrCat("only the decoder refuses the row: ", row.fault);
  }
  if (!row.fault.empty()) return "";
  for (size_t i = 0; i < expected.cells.size(); ++i) {
    if (row.cells[i] == expected.cells[i]) continue;
    return base::StrCat("column ", Table().columns[i].name, ": the decoder reads ", row.cells[i],
                        ", protobuf ", expected.cells[i]);
  }
  return "";
}

absl::Status CompileForeignDescriptor(std::string_view bytes) {
  return CompileWriterSchema(bytes, Table()).status();
}

}  // namespace bqcdc::emulator::convert::testing
