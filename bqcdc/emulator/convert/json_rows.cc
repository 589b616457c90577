#include "bqcdc/emulator/convert/json_rows.h"

#include <charconv>
#include <optional>

#include "bqcdc/emulator/convert/float_text.h"
#include "bqcdc/emulator/convert/json_text_writer.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::emulator::convert {
namespace {

using engine::VectorReader;
using schema::Column;
using schema::ColumnType;
using values::FractionDigits;

// A column of one chunk with readers for all that lies below it, made once for a chunk and not once for a
// cell.
struct Node {
  const Column* column;
  VectorReader reader;                   // of the column itself; of the list where it is repeated
  std::optional<VectorReader> elements;  // of a repeated column
  std::vector<Node> fields;              // of a STRUCT, selected ones only
};

Node MakeNode(const Column& column, const SelectedColumn& selected, VectorReader reader) {
  Node node{&column, reader, std::nullopt, {}};
  if (column.repeated()) node.elements = reader.Elements();
  const VectorReader& values = column.repeated() ? *node.elements : reader;
  for (const SelectedColumn& field : selected.fields) {
    node.fields.push_back(MakeNode(column.fields[field.index], field, values.Field(field.index)));
  }
  return node;
}

void AppendInteger(int64_t value, std::string* out) {
  char text[24];
  const auto written = std::to_chars(text, text + sizeof(text), value);
  out->append(text, written.ptr);
}

void AppendTimestamp(int64_t micros, TimestampFormat format, std::string* out) {
  switch (format) {
    case TimestampFormat::kFloat64:
      AppendFloatSeconds(micros, out);
      return;
    case TimestampFormat::kInt64:
      AppendInteger(micros, out);
      return;
    case TimestampFormat::kIso8601:
      out->append(values::FormatTimestamp(micros, "Z", FractionDigits::kMicroOrNone, 'T'));
      return;
  }
}

// Only text has room for more than microseconds.
void AppendPicoseconds(__int128 picos, TimestampFormat format, std::string* out) {
  if (format == TimestampFormat::kIso8601) {
    out->append(values::FormatTimestampPicos(picos, "Z", 'T', FractionDigits::kMicroOrNone));
  } else {
    AppendTimestamp(values::MicrosOfPicos(picos), format, out);
  }
}

// NUMERIC and BIGNUMERIC come from the store, so they are in range; a value that is not would be ours to
// mend.
void AppendNumeric(__int128 unscaled, std::string* out) {
  values::Numeric value;
  if (values::Numeric::FromUnscaled(unscaled, &value) == values::ValueError::kNone)
    out->append(value.ToString());
}

void AppendBigNumeric(std::string_view blob, std::string* out) {
  values::BigNumeric value;
  if (values::BigNumeric::FromBlob(blob, &value) == values::ValueError::kNone) out->append(value.ToString());
}

class CellWriter {
 public:
  CellWriter(TimestampFormat timestamps, std::string* out) : timestamps_(timestamps), out_(*out) {}

  // {"f":[{"v":…},…]}
  void AppendFields(const std::vector<Node>& nodes, size_t row) {
    out_.append("{\"f\":[");
    for (size_t i = 0; i < nodes.size(); ++i) {
      out_.append(i == 0 ? "{\"v\":" : ",{\"v\":");
      AppendValue(nodes[i], row);
      out_.push_back('}');
    }
    out_.append("]}");
  }

 private:
  void AppendValue(const Node& node, size_t row) {
    if (!node.elements) {
      AppendSingle(node, node.reader, row);
      return;
    }
    // A NULL array is an empty one to every reader of BigQuery.
    out_.push_back('[');
    if (!node.reader.IsNull(row)) {
      const auto [offset, length] = node.reader.List(row);
      for (size_t i = 0; i < length; ++i) {
        out_.append(i == 0 ? "{\"v\":" : ",{\"v\":");
        AppendSingle(node, *node.elements, offset + i);
        out_.push_back('}');
      }
    }
    out_.push_back(']');
  }

  void AppendSingle(const Node& node, const VectorReader& reader, size_t row) {
    if (reader.IsNull(row)) {
      out_.append("null");
    } else if (node.column->type == ColumnType::kStruct) {
      AppendFields(node.fields, row);
    } else if (node.column->type == ColumnType::kString || node.column->type == ColumnType::kJson ||
               node.column->type == ColumnType::kGeography) {
      AppendJsonString(reader.Bytes(row), &out_);
    } else {
      out_.push_back('"');
      AppendText(*node.column, node.column->type, reader, row);
      out_.push_back('"');
    }
  }

  // Types whose text needs no escaping.
  void AppendText(const Column& column, ColumnType type, const VectorReader& reader, size_t row) {
    switch (type) {
      case ColumnType::kBool:
        out_.append(reader.Bool(row) ? "true" : "false");
        return;
      case ColumnType::kInt64:
        AppendInteger(reader.Int64(row), &out_);
        return;
      case ColumnType::kFloat64:
        AppendFloatText(reader.Double(row), &out_);
        return;
      case ColumnType::kNumeric:
        AppendNumeric(reader.Int128(row), &out_);
        return;
      case ColumnType::kBigNumeric:
        AppendBigNumeric(reader.Bytes(row), &out_);
        return;
      case ColumnType::kBytes:
        AppendBase64(reader.Bytes(row), &out_);
        return;
      case ColumnType::kDate:
        out_.append(values::FormatDate(reader.Int32(row)));
        return;
      case ColumnType::kTime:
        out_.append(values::FormatTime(reader.Int64(row), FractionDigits::kMicroOrNone));
        return;
      case ColumnType::kDatetime:
        out_.append(values::FormatDatetime(reader.Int64(row), 'T', FractionDigits::kMicroOrNone));
        return;
      case ColumnType::kTimestamp:
        if (column.picoseconds()) return AppendPicoseconds(reader.Int128(row), timestamps_, &out_);
        AppendTimestamp(reader.Int64(row), timestamps_, &out_);
        return;
      case ColumnType::kInterval:
        AppendInterval(reader.Interval(row));
        return;
      case ColumnType::kRange:
        AppendRange(column, reader, row);
        return;
      case ColumnType::kString:
      case ColumnType::kJson:
      case ColumnType::kGeography:
      case ColumnType::kStruct:
        return;
    }
  }

  void AppendInterval(engine::IntervalValue value) {
    out_.append(values::FormatInterval({.months = value.months, .days = value.days, .micros = value.micros}));
  }

  // `[start, end)`, stored as a STRUCT of both.
  void AppendRange(const Column& column, const VectorReader& reader, size_t row) {
    const ColumnType type = column.range_element_type.value_or(ColumnType::kDate);
    for (const size_t end : {size_t{0}, size_t{1}}) {
      const VectorReader bound = reader.Field(end);
      out_.append(end == 0 ? "[" : ", ");
      if (bound.IsUnbounded(row, type)) {
        out_.append("UNBOUNDED");
      } else {
        AppendText(column, type, bound, row);
      }
    }
    out_.push_back(')');
  }

  const TimestampFormat timestamps_;
  std::string& out_;
};

}  // namespace

JsonRowWriter::JsonRowWriter(const std::vector<Column>& columns, std::vector<SelectedColumn> selection,
                             TimestampFormat timestamps)
    : columns_(columns), selection_(std::move(selection)), timestamps_(timestamps) {}

size_t JsonRowWriter::AppendRows(const engine::Chunk& chunk, size_t first, size_t count, size_t bytes_max,
                                 std::string* out) const {
  std::vector<Node> nodes;
  for (const SelectedColumn& selected : selection_) {
    nodes.push_back(MakeNode(columns_[selected.index], selected, chunk.Reader(selected.index)));
  }
  CellWriter cells(timestamps_, out);
  size_t written = 0;
  while (written < count) {
    if (!out->empty()) out->push_back(',');
    cells.AppendFields(nodes, first + written);
    ++written;
    if (out->size() >= bytes_max) break;
  }
  return written;
}

}  // namespace bqcdc::emulator::convert
