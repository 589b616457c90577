#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/write/append_request.h"

namespace bqcdc::write {

// An AppendRowsRequest (storage.proto) whose rows are not copied is two parts on the wire:
//
//   preamble  write_stream=1, trace_id=6 (where wanted), tag and length of proto_rows=4,
//             inside it writer_schema=1 (where wanted), tag and length of rows=2
//   rows      the pieces of RowPieces: serialized_rows=1, one frame for each row
//
// The preamble differs between the first request of a connection and the later ones; the rows never do.

// What a request says beside its rows. `destination` is null where the connection knows it already; then
// `write_stream` names the stream alone, as each request must once the connection has had several
// destinations or schemas (AppendRowsRequest.write_stream).
struct Preamble {
  const Destination* destination = nullptr;
  std::string_view trace_id;
  std::string_view write_stream;
};

// Writes the preamble of a request whose rows take `rows_byte_count` bytes.
std::string BuildPreamble(const Preamble& preamble, std::size_t rows_byte_count);

// Bytes that a request may take beside its rows: its preamble at its longest. Rows up to
// `request_bytes_max - PreambleBytesMax(…)` fit, whether the request comes to be the first of a connection or
// not.
std::size_t PreambleBytesMax(const Destination& destination, std::string_view trace_id);

// All rows of `rows`, or those with the given indexes (rising); neighbours become one piece.
RowPieces AllRows(std::shared_ptr<const encode::EncodedRows> rows);
RowPieces ChosenRows(std::shared_ptr<const encode::EncodedRows> rows, std::span<const std::size_t> indexes);

}  // namespace bqcdc::write
