#include "bqcdc/emulator/handlers/append_request.h"

#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/convert/wire_reader.h"
#include "bqcdc/emulator/handlers/append_errors.h"

// Field numbers are those of google/cloud/bigquery/storage/v1/storage.proto, message AppendRowsRequest.
namespace bqcdc::emulator::handlers {
namespace {

using convert::WireReader;
using convert::WireType;

// Calls `read(number, type, reader)` for every field; it returns 1 when it took the value, 0 to pass over it,
// -1 to fail.
template <typename Read>
bool ForEachField(std::string_view bytes, const Read& read) {
  WireReader reader(bytes);
  while (!reader.done()) {
    uint32_t number;
    WireType type;
    if (!reader.ReadTag(&number, &type)) return false;
    const int taken = read(number, type, reader);
    if (taken < 0 || (taken == 0 && !reader.Skip(number, type))) return false;
  }
  return true;
}

bool ReadInt64Value(std::string_view bytes, int64_t* value) {
  *value = 0;
  return ForEachField(bytes, [&](uint32_t number, WireType type, WireReader& reader) {
    uint64_t read;
    if (number != 1 || type != WireType::kVarint) return 0;
    if (!reader.ReadVarint(&read)) return -1;
    *value = static_cast<int64_t>(read);
    return 1;
  });
}

// ProtoSchema and ArrowSchema, ArrowRecordBatch: a message whose field 1 holds the bytes.
bool ReadBytesField(std::string_view message, std::string_view* bytes) {
  return ForEachField(message, [&](uint32_t number, WireType type, WireReader& reader) {
    if (number != 1 || type != WireType::kBytes) return 0;
    return reader.ReadBytes(bytes) ? 1 : -1;
  });
}

bool ReadProtoRows(std::string_view message, AppendRequest* request) {
  return ForEachField(message, [&](uint32_t number, WireType type, WireReader& reader) {
    if (number != 1 || type != WireType::kBytes) return 0;
    return reader.ReadBytes(&request->rows.emplace_back()) ? 1 : -1;
  });
}

// ProtoData and ArrowData. Of a oneof the last member counts, and its parts are merged.
bool ReadData(std::string_view message, RowFormat format, AppendRequest* request) {
  if (request->format != format) {
    request->format = format;
    request->has_writer_schema = false;
    request->writer_schema = {};
    request->rows.clear();
    request->record_batch = {};
  }
  return ForEachField(message, [&](uint32_t number, WireType type, WireReader& reader) {
    std::string_view inner;
    if (number < 1 || number > 2 || type != WireType::kBytes) return 0;
    if (!reader.ReadBytes(&inner)) return -1;
    if (number == 1) {
      request->has_writer_schema = true;
      return ReadBytesField(inner, &request->writer_schema) ? 1 : -1;
    }
    const bool good = format == RowFormat::kProto ? ReadProtoRows(inner, request)
                                                  : ReadBytesField(inner, &request->record_batch);
    return good ? 1 : -1;
  });
}

bool ReadMissingValue(std::string_view bytes, AppendRequest* request) {
  std::string_view column;
  uint64_t interpretation = 0;
  const bool good = ForEachField(bytes, [&](uint32_t number, WireType type, WireReader& reader) {
    if (number == 1 && type == WireType::kBytes) return reader.ReadBytes(&column) ? 1 : -1;
    if (number == 2 && type == WireType::kVarint) return reader.ReadVarint(&interpretation) ? 1 : -1;
    return 0;
  });
  // Numbers that the enum does not have count as unspecified, which is refused later.
  if (interpretation > 2) interpretation = 0;
  request->missing_values[std::string(column)] = static_cast<MissingValues>(interpretation);
  return good;
}

}  // namespace

absl::StatusOr<AppendRequest> ParseAppendRequest(std::string_view bytes) {
  AppendRequest request;
  const bool good = ForEachField(bytes, [&](uint32_t number, WireType type, WireReader& reader) {
    if (number == 8 && type == WireType::kVarint) {
      uint64_t value;
      if (!reader.ReadVarint(&value)) return -1;
      if (value <= 2) request.default_missing_values = static_cast<MissingValues>(value);
      return 1;
    }
    std::string_view inner;
    if (type != WireType::kBytes) return 0;
    if (!reader.ReadBytes(&inner)) return -1;
    switch (number) {
      case 1:
        request.write_stream = inner;
        return 1;
      case 2:
        return ReadInt64Value(inner, &request.offset.emplace()) ? 1 : -1;
      case 4:
        return ReadData(inner, RowFormat::kProto, &request) ? 1 : -1;
      case 5:
        return ReadData(inner, RowFormat::kArrow, &request) ? 1 : -1;
      case 6:
        request.trace_id = inner;
        return 1;
      case 7:
        return ReadMissingValue(inner, &request) ? 1 : -1;
      default:
        return 1;
    }
  });
  if (!good) return NotARequest();
  if (!convert::IsUtf8(request.write_stream)) return InvalidStreamName("");
  return request;
}

}  // namespace bqcdc::emulator::handlers
