#include "bqcdc/write/request_builder.h"

#include <utility>

#include "bqcdc/encode/wire.h"

namespace bqcdc::write {
namespace {

using encode::MakeTag;
using encode::VarintSize;
using encode::WireType;

// Field numbers of AppendRowsRequest, ProtoData, ProtoSchema and ProtoRows.
constexpr int kWriteStreamField = 1;
constexpr int kProtoRowsField = 4;
constexpr int kTraceIdField = 6;
constexpr int kWriterSchemaField = 1;
constexpr int kRowsField = 2;
constexpr int kProtoDescriptorField = 1;

// All of the tags above take one byte.
std::size_t FieldSize(std::size_t length) { return 1 + VarintSize(length) + length; }

void AppendHead(int field, std::size_t length, std::string* out) {
  char bytes[encode::kVarintBytesMax];
  out->push_back(static_cast<char>(MakeTag(field, WireType::kLengthDelimited)));
  out->append(bytes, encode::WriteVarint(length, bytes));
}

void AppendText(int field, std::string_view text, std::string* out) {
  AppendHead(field, text.size(), out);
  out->append(text);
}

}  // namespace

std::string BuildPreamble(const Preamble& preamble, std::size_t rows_byte_count) {
  const Destination* destination = preamble.destination;
  const std::size_t schema_length = destination == nullptr ? 0 : FieldSize(destination->writer_schema.size());
  const std::size_t proto_rows_length =
      (destination == nullptr ? 0 : FieldSize(schema_length)) + FieldSize(rows_byte_count);
  std::string out;
  const std::string_view write_stream =
      destination == nullptr ? preamble.write_stream : std::string_view(destination->write_stream);
  if (!write_stream.empty()) AppendText(kWriteStreamField, write_stream, &out);
  if (!preamble.trace_id.empty()) AppendText(kTraceIdField, preamble.trace_id, &out);
  AppendHead(kProtoRowsField, proto_rows_length, &out);
  if (destination != nullptr) {
    AppendHead(kWriterSchemaField, schema_length, &out);
    AppendText(kProtoDescriptorField, destination->writer_schema, &out);
  }
  AppendHead(kRowsField, rows_byte_count, &out);
  return out;
}

std::size_t PreambleBytesMax(const Destination& destination, std::string_view trace_id) {
  // Lengths of 32 bits take up to five bytes; a request is far below that.
  constexpr std::size_t kRowsLengthMax = (std::size_t{1} << 32) - 1;
  const Preamble preamble{&destination, trace_id};
  return BuildPreamble(preamble, kRowsLengthMax).size();
}

RowPieces AllRows(std::shared_ptr<const encode::EncodedRows> rows) {
  RowPieces pieces;
  pieces.row_count = static_cast<std::int64_t>(rows->row_count());
  pieces.byte_count = rows->byte_count();
  if (!rows->empty()) pieces.pieces.push_back(rows->framed());
  pieces.owner = std::move(rows);
  return pieces;
}

RowPieces ChosenRows(std::shared_ptr<const encode::EncodedRows> rows, std::span<const std::size_t> indexes) {
  RowPieces chosen;
  chosen.row_count = static_cast<std::int64_t>(indexes.size());
  for (std::size_t i = 0; i < indexes.size();) {
    std::size_t end = i + 1;
    while (end < indexes.size() && indexes[end] == indexes[end - 1] + 1) ++end;
    chosen.pieces.push_back(rows->framed(indexes[i], end - i));
    chosen.byte_count += chosen.pieces.back().size();
    i = end;
  }
  chosen.owner = std::move(rows);
  return chosen;
}

}  // namespace bqcdc::write
