#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/decoded_rows.h"
#include "bqcdc/emulator/convert/default_values.h"
#include "bqcdc/emulator/convert/message_scan.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/values/sequence_number.h"

// The way of a row from a scan to the engine's chunk, for the .cc files of proto_rows and arrow_rows alone.
namespace bqcdc::emulator::convert {

// A fault on its way up: the path grows from the inside out.
struct PathFault {
  CellFault kind = CellFault::kNone;
  const FieldPlan* field = nullptr;
  const schema::Column* column = nullptr;
  RawValue value;
  std::string path;

  void Prepend(const std::string& name) {
    path = path.empty() ? name : base::StrCat(name, path[0] == '[' ? "" : ".", path);
  }
};

// Writes rows to chunks. `Scan` is what reads one of them: MessageScan, or a class with the same calls. A
// row, an element and a part of a record are each a RawValue, which only the scan understands.
template <typename Scan>
class RowDecoder {
  using Chunk = engine::Chunk;
  using RowOperation = engine::RowOperation;
  using VectorWriter = engine::VectorWriter;
  using Column = schema::Column;
  using ColumnType = schema::ColumnType;

 public:
  // All outlive the decoder.
  RowDecoder(const WriterPlan& plan, Scan& scan, const DecodeInput& input, size_t rows)
      : plan_(plan), input_(input), scan_(scan), rows_(rows), defaults_(input.evaluate_default, rows) {}

  // `row_of(i)`: the row at index i, a RawValue. `bytes`: size of all of them.
  template <typename RowOf>
  absl::StatusOr<DecodedRows> Run(const RowOf& row_of, int64_t bytes) {
    const size_t columns = plan_.cells + engine::kChangeColumnCount;
    if (rows_ > kRequestCellsMax / columns) {
      return TooManyCells(base::StrCat(rows_, " rows of ", columns, " columns"));
    }
    cells_ = rows_ * columns;
    result_.row_count = rows_;
    if (plan_.has_change_type()) result_.kinds.assign(rows_, ChangeKind::kInvalid);
    for (size_t row = 0; row < rows_ && !result_.faults_cut; ++row) {
      if (row % Chunk::kRowsMax == 0) StartChunk(std::min(rows_ - row, Chunk::kRowsMax));
      DecodeRow(row, row_of(row));
      BQCDC_RETURN_IF_ERROR(defaults_.status());
      BQCDC_RETURN_IF_ERROR(status_);
    }
    result_.bytes = bytes + static_cast<int64_t>(cells_ * sizeof(int64_t));
    return std::move(result_);
  }

 private:
  void StartChunk(size_t rows) {
    Chunk& chunk = result_.chunks.emplace_back(plan_.schema.columns, /*change_columns=*/true);
    chunk.SetRowCount(rows);
    writers_.clear();
    for (size_t i = 0; i < chunk.column_count(); ++i) writers_.push_back(chunk.Writer(i));
  }

  VectorWriter& ChangeWriter(engine::ChangeColumn column) {
    return writers_[plan_.schema.columns.size() + static_cast<size_t>(column)];
  }

  void AddFault(size_t row, std::string message) {
    fault_bytes_ += message.size() + sizeof(RowFault);
    if (fault_bytes_ > kRowFaultBytesMax) {
      result_.faults_cut = true;
      return;
    }
    result_.faults.push_back({static_cast<int64_t>(row), std::move(message)});
  }

  static absl::Status TooManyCells(std::string_view what) {
    return base::InvalidArgument("AppendRows request too large: ", what, ", limit ", kRequestCellsMax,
                                 " cells");
  }

  void DecodeRow(size_t row, const RawValue& value) {
    row_ = row;
    scan_.Reset();
    if (!scan_.Add(value)) {
      AddFault(row, "The row is not a valid serialized protobuf message.");
      return;
    }
    RowOperation operation = RowOperation::kPlain;
    if (!ReadChangeType(row, &operation) || !WriteSequence(row, operation)) return;
    const size_t at = row % Chunk::kRowsMax;
    ChangeWriter(engine::ChangeColumn::kOperation).SetUint8(at, static_cast<uint8_t>(operation));
    PathFault fault;
    const bool good = operation == RowOperation::kDelete ? WriteDelete(at, &fault) : WriteRow(at, &fault);
    if (!good) {
      AddFault(row, DescribeFault(fault.kind, fault.field, *fault.column, fault.value, fault.path));
    } else if (input_.partition && operation != RowOperation::kDelete) {
      const Chunk& chunk = result_.chunks.back();
      auto outside = input_.partition->FaultOf(chunk.Reader(input_.partition->column()), at);
      if (outside) AddFault(row, *std::move(outside));
    }
  }

  bool ReadChangeType(size_t row, RowOperation* operation) {
    if (!plan_.has_change_type()) return true;
    std::string_view text;
    ChangeKind kind = ChangeKind::kUnspecified;
    if (!ReadPseudoText(plan_.change_type_field, &text)) {
      kind = ChangeKind::kUnspecified;
    } else if (text == "UPSERT") {
      kind = ChangeKind::kUpsert;
      *operation = RowOperation::kUpsert;
    } else if (text == "DELETE") {
      kind = ChangeKind::kDelete;
      *operation = RowOperation::kDelete;
    } else if (text == "INSERT") {
      kind = ChangeKind::kInsert;
    } else {
      AddFault(row, base::StrCat("The given value is not a valid CHANGE_TYPE: ", Quotable(text)));
      return false;
    }
    result_.kinds[row] = kind;
    return true;
  }

  // Text of a pseudo-column, false where it is unset.
  bool ReadPseudoText(int field, std::string_view* text) {
    const RawValue* value = scan_.Value(static_cast<size_t>(field));
    if (value == nullptr) return false;
    RawValue inner = *value;
    const FieldPlan& plan = plan_.root.fields[static_cast<size_t>(field)];
    if (plan.wrapped) {
      inner = RawValue();
      if (!UnwrapValue(plan, value->bytes, &inner)) inner = RawValue();
    }
    *text = inner.bytes;
    return true;
  }

  bool WriteSequence(size_t row, RowOperation operation) {
    std::optional<values::SequenceNumber> number;
    if (plan_.sequence_field >= 0 && !ReadSequence(row, &number)) return false;
    VectorWriter& high = ChangeWriter(engine::ChangeColumn::kSequenceHigh);
    VectorWriter& low = ChangeWriter(engine::ChangeColumn::kSequenceLow);
    const size_t at = row % Chunk::kRowsMax;
    // Plain rows have no order among the changes of a key.
    if (!number || operation == RowOperation::kPlain) {
      high.SetNull(at);
      low.SetNull(at);
    } else {
      high.SetUint128(at, number->high());
      low.SetUint128(at, number->low());
    }
    return true;
  }

  bool ReadSequence(size_t row, std::optional<values::SequenceNumber>* number) {
    const FieldPlan& field = plan_.root.fields[static_cast<size_t>(plan_.sequence_field)];
    const RawValue* value = scan_.Value(static_cast<size_t>(plan_.sequence_field));
    if (value == nullptr) return true;
    std::string shown;
    if (field.source == SourceType::kString) {
      std::string_view text;
      ReadPseudoText(plan_.sequence_field, &text);
      *number = values::SequenceNumber::Parse(text);
      if (*number) return true;
      shown = Quotable(text);
    } else {
      const bool is_signed = field.source == SourceType::kInt32 || field.source == SourceType::kInt64;
      if (!is_signed || value->Signed() >= 0) {
        *number = values::SequenceNumber::FromInteger(value->scalar);
        return true;
      }
      shown = absl::StrCat(value->Signed());
    }
    AddFault(row, base::StrCat("The given value is not a valid CHANGE_SEQUENCE_NUMBER: ", shown));
    return false;
  }

  bool WriteRow(size_t at, PathFault* fault) {
    const std::vector<Column>& columns = plan_.schema.columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!WriteColumn(plan_.root, scan_, i, writers_[i], at, /*top_level=*/true, fault)) return false;
    }
    return true;
  }

  // Only the key of a DELETE counts; its other values are not even looked at.
  bool WriteDelete(size_t at, PathFault* fault) {
    const std::vector<Column>& columns = plan_.schema.columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!plan_.is_key[i]) {
        WriteNull(columns[i], writers_[i], at);
      } else if (!WriteColumn(plan_.root, scan_, i, writers_[i], at, /*top_level=*/true, fault)) {
        return false;
      }
    }
    return true;
  }

  bool WriteColumn(const MessagePlan& plan, Scan& scan, size_t index, VectorWriter& writer, size_t at,
                   bool top_level, PathFault* fault) {
    const Column& column = (*plan.columns)[index];
    const int field_index = plan.field_of_column[index];
    const RawValue* value = field_index < 0 ? nullptr : scan.Value(static_cast<size_t>(field_index));
    if (value == nullptr) return WriteMissing(plan, index, writer, at, top_level, fault);
    const FieldPlan& field = plan.fields[static_cast<size_t>(field_index)];
    bool good;
    if (value->is_null()) {
      good = Fail(CellFault::kNullList, &field, column, *value, fault);
    } else if (field.repeated) {
      good = WriteList(field, column, scan, static_cast<size_t>(field_index), writer, at, fault);
    } else if (field.source == SourceType::kRecord) {
      Scan& nested = scan.Nested(static_cast<size_t>(field_index));
      nested.Reset();
      bool read = true;
      for (const RawValue& part : scan.Values(static_cast<size_t>(field_index)))
        read = read && nested.Add(part);
      good = read ? WriteParts(field, column, nested, writer, at, fault)
                  : Fail(CellFault::kMalformedMessage, &field, column, *value, fault);
    } else if (field.wrapped || field.source > SourceType::kRecord) {
      good =
          WriteMergedParts(field, column, scan.Values(static_cast<size_t>(field_index)), writer, at, fault);
    } else {
      const CellFault kind = WriteCell(field, column, *value, writer, at);
      good = kind == CellFault::kNone || Fail(kind, &field, column, *value, fault);
    }
    if (!good) fault->Prepend(column.name);
    return good;
  }

  static bool Fail(CellFault kind, const FieldPlan* field, const Column& column, const RawValue& value,
                   PathFault* fault) {
    *fault = {kind, field, &column, value, ""};
    return false;
  }

  bool WriteMissing(const MessagePlan& plan, size_t index, VectorWriter& writer, size_t at, bool top_level,
                    PathFault* fault) {
    const Column& column = (*plan.columns)[index];
    const int field_index = plan.field_of_column[index];
    const FieldPlan* field = field_index < 0 ? nullptr : &plan.fields[static_cast<size_t>(field_index)];
    if (field != nullptr && field->label_required) {
      Fail(CellFault::kLabelRequired, field, column, {}, fault);
      fault->Prepend(column.name);
      return false;
    }
    if (top_level && !column.default_value_expression.empty() && GetsDefault(index, field != nullptr)) {
      return defaults_.Write(column, index, row_, writer, at) ||
             Fail(CellFault::kRequired, field, column, {}, fault);
    }
    if (column.repeated()) {
      writer.StartList(at, 0);
      return true;
    }
    if (column.required()) {
      Fail(CellFault::kRequired, field, column, {}, fault);
      fault->Prepend(column.name);
      return false;
    }
    WriteNull(column, writer, at);
    return true;
  }

  bool WriteParts(const FieldPlan& field, const Column& column, Scan& nested, VectorWriter& writer, size_t at,
                  PathFault* fault) {
    return column.type == ColumnType::kRange ? WriteRange(field, column, nested, writer, at, fault)
                                             : WriteStruct(field, nested, writer, at, fault);
  }

  // An end that is not set is open.
  bool WriteRange(const FieldPlan& field, const Column& column, Scan& nested, VectorWriter& writer, size_t at,
                  PathFault* fault) {
    const std::vector<Column>& ends = *field.message->columns;
    for (size_t i = 0; i < ends.size(); ++i) {
      VectorWriter end = writer.Field(i);
      const int index = field.message->field_of_column[i];
      if (index >= 0 && nested.Value(static_cast<size_t>(index)) != nullptr) {
        if (!WriteColumn(*field.message, nested, i, end, at, /*top_level=*/false, fault)) return false;
      } else {
        end.SetUnbounded(at, ends[i].type, i == 0);
      }
    }
    return writer.Reader().IsOrderedRange(at, ends[0].type) ||
           Fail(CellFault::kRangeOrder, &field, column, {}, fault);
  }

  bool WriteStruct(const FieldPlan& field, Scan& nested, VectorWriter& writer, size_t at, PathFault* fault) {
    const size_t fields = field.message->columns->size();
    for (size_t i = 0; i < fields; ++i) {
      VectorWriter inner = writer.Field(i);
      if (!WriteColumn(*field.message, nested, i, inner, at, /*top_level=*/false, fault)) return false;
    }
    return true;
  }

  // A singular wrapper or Timestamp that came in several parts is the message of the parts put together.
  bool WriteMergedParts(const FieldPlan& field, const Column& column, const std::vector<RawValue>& parts,
                        VectorWriter& writer, size_t at, PathFault* fault) {
    if (parts.size() == 1) return WriteWellKnown(field, column, parts[0], writer, at, fault);
    merged_parts_.clear();
    for (const RawValue& part : parts) {
      // Each on its own: a part that is cut off must not go on in the next one.
      if (!IsMessage(part.bytes)) return Fail(CellFault::kMalformedMessage, &field, column, part, fault);
      merged_parts_.append(part.bytes);
    }
    return WriteWellKnown(field, column, RawValue{0, merged_parts_}, writer, at, fault);
  }

  bool WriteWellKnown(const FieldPlan& field, const Column& column, const RawValue& message,
                      VectorWriter& writer, size_t at, PathFault* fault) {
    RawValue value = message;
    if (field.wrapped) {
      value = RawValue();
      if (!UnwrapValue(field, message.bytes, &value)) {
        return Fail(CellFault::kMalformedMessage, &field, column, message, fault);
      }
    }
    const CellFault kind = WriteCell(field, column, value, writer, at);
    if (kind == CellFault::kNone) return true;
    Fail(kind, &field, column, value, fault);
    return false;
  }

  bool WriteList(const FieldPlan& field, const Column& column, Scan& scan, size_t field_index,
                 VectorWriter& writer, size_t at, PathFault* fault) {
    const std::vector<RawValue>& list = scan.Values(field_index);
    // An element may take no byte on the wire, a cell takes eight in memory.
    cells_ += list.size() * field.cells;
    if (cells_ > kRequestCellsMax) {
      status_ = TooManyCells(base::StrCat("ARRAYs up to column ", column.name, " of row ", row_));
      return Fail(CellFault::kNone, &field, column, {}, fault);
    }
    const size_t first = writer.StartList(at, list.size());
    VectorWriter elements = writer.Elements();
    for (size_t i = 0; i < list.size(); ++i) {
      if (WriteElement(field, column, scan, field_index, list[i], elements, first + i, fault)) continue;
      fault->Prepend(base::StrCat("[", i, "]"));
      return false;
    }
    return true;
  }

  bool WriteElement(const FieldPlan& field, const Column& column, Scan& scan, size_t field_index,
                    const RawValue& value, VectorWriter& elements, size_t at, PathFault* fault) {
    if (value.is_null()) return Fail(CellFault::kNullElement, &field, column, value, fault);
    if (field.source == SourceType::kRecord) {
      Scan& nested = scan.Nested(field_index);
      nested.Reset();
      return nested.Add(value) ? WriteParts(field, column, nested, elements, at, fault)
                               : Fail(CellFault::kMalformedMessage, &field, column, value, fault);
    }
    if (field.wrapped || field.source > SourceType::kRecord) {
      return WriteWellKnown(field, column, value, elements, at, fault);
    }
    const CellFault kind = WriteCell(field, column, value, elements, at);
    return kind == CellFault::kNone || Fail(kind, &field, column, value, fault);
  }

  // Whether a missing value of the column becomes its default. A column outside of the message always does
  // (https://cloud.google.com/bigquery/docs/default-values); one inside, where the request asks for it.
  bool GetsDefault(size_t column, bool in_message) const {
    return !in_message ||
           (column < input_.default_when_missing.size() && input_.default_when_missing[column]);
  }

  const WriterPlan& plan_;
  const DecodeInput& input_;
  Scan& scan_;
  const size_t rows_;
  DefaultValues defaults_;
  std::vector<VectorWriter> writers_;  // of the chunk being filled
  DecodedRows result_;
  std::string merged_parts_;  // outlives the fault that quotes it
  size_t row_ = 0;
  size_t cells_ = 0;     // of the request so far
  absl::Status status_;  // why the whole request is refused
  size_t fault_bytes_ = 0;
};

}  // namespace bqcdc::emulator::convert
