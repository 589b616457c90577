#include "bqcdc/emulator/convert/arrow/arrow_batch.h"

#include <cstdint>
#include <cstring>
#include <limits>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/arrow_message.h"
#include "bqcdc/emulator/convert/arrow/ipc_generated.h"
#include "bqcdc/emulator/convert/decoded_rows.h"

namespace bqcdc::emulator::convert {
namespace {

// A copy: the verifier sees to it that the vector lies within the metadata, but not that its structs are
// aligned.
template <typename T>
T StructAt(const flatbuffers::Vector<const T*>& vector, flatbuffers::uoffset_t index) {
  T value;
  std::memcpy(&value, vector.Data() + index * sizeof value, sizeof value);
  return value;
}

absl::Status Invalid(std::string_view why) {
  return base::InvalidArgument("Invalid Arrow record batch: ", why);
}

// Walks the plan's fields and the batch's flat lists of nodes and buffers side by side, depth first.
class BatchReader {
 public:
  BatchReader(const ipc::RecordBatch& batch, std::string_view body) : batch_(batch), body_(body) {}

  absl::Status ReadFields(const MessagePlan& plan, size_t rows, std::vector<ArrowColumn>* columns) {
    columns->resize(plan.fields.size());
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      const FieldPlan& field = plan.fields[i];
      BQCDC_RETURN_IF_ERROR(field.repeated ? ReadList(field, rows, &(*columns)[i])
                                           : ReadValues(field, rows, &(*columns)[i]));
    }
    return absl::OkStatus();
  }

  // Whether something is left over, so that the batch is of another schema.
  bool AtEnd() const {
    return (batch_.nodes() == nullptr || next_node_ == batch_.nodes()->size()) &&
           (batch_.buffers() == nullptr || next_buffer_ == batch_.buffers()->size());
  }

 private:
  absl::Status ReadList(const FieldPlan& field, size_t rows, ArrowColumn* column) {
    BQCDC_RETURN_IF_ERROR(ReadNode(field, rows, column));
    size_t elements = 0;
    BQCDC_RETURN_IF_ERROR(ReadOffsets(field, rows, column, &elements));
    if (elements > kRequestCellsMax) {
      return Invalid(
          base::StrCat("column ", field.name, " has ", elements, " elements, limit ", kRequestCellsMax));
    }
    column->elements.resize(1);
    return ReadValues(field, elements, &column->elements[0]);
  }

  absl::Status ReadValues(const FieldPlan& field, size_t rows, ArrowColumn* column) {
    BQCDC_RETURN_IF_ERROR(ReadNode(field, rows, column));
    if (field.source == SourceType::kRecord) return ReadFields(*field.message, rows, &column->parts);
    std::string_view buffer;
    if (field.source == SourceType::kString || field.source == SourceType::kBytes) {
      size_t data_bytes = 0;
      BQCDC_RETURN_IF_ERROR(ReadOffsets(field, rows, column, &data_bytes));
      BQCDC_RETURN_IF_ERROR(ReadBuffer(field, data_bytes, &buffer));
      column->data = buffer.data();
      return absl::OkStatus();
    }
    const size_t bytes = field.source == SourceType::kBool ? (rows + 7) / 8 : rows * field.width;
    BQCDC_RETURN_IF_ERROR(ReadBuffer(field, bytes, &buffer));
    column->values = buffer.data();
    return absl::OkStatus();
  }

  // A field's node and the buffer of its NULLs, which come first for every type.
  absl::Status ReadNode(const FieldPlan& field, size_t rows, ArrowColumn* column) {
    if (batch_.nodes() == nullptr || next_node_ == batch_.nodes()->size()) {
      return Invalid(base::StrCat("there is no node for field ", field.name));
    }
    const auto node = StructAt(*batch_.nodes(), next_node_++);
    // What a list or struct does not refer to may stand behind what it does.
    if (node.length() < 0 || static_cast<uint64_t>(node.length()) < rows) {
      return Invalid(
          base::StrCat("field ", field.name, " has ", node.length(), " values where ", rows, " are needed"));
    }
    std::string_view buffer;
    BQCDC_RETURN_IF_ERROR(ReadBuffer(field, node.null_count() == 0 ? 0 : (rows + 7) / 8, &buffer));
    column->validity = node.null_count() == 0 ? nullptr : buffer.data();
    return absl::OkStatus();
  }

  // Offsets of `rows` values that rise from 0 or more; `*end`: the last of them.
  absl::Status ReadOffsets(const FieldPlan& field, size_t rows, ArrowColumn* column, size_t* end) {
    std::string_view buffer;
    // An array of no values may do without the one offset.
    BQCDC_RETURN_IF_ERROR(ReadBuffer(field, rows == 0 ? 0 : (rows + 1) * sizeof(int32_t), &buffer));
    column->values = buffer.data();
    int32_t before = 0;
    for (size_t i = 0; rows > 0 && i <= rows; ++i) {
      int32_t offset;
      std::memcpy(&offset, buffer.data() + i * sizeof offset, sizeof offset);
      if (offset < before) return Invalid(base::StrCat("the offsets of field ", field.name, " do not rise"));
      before = offset;
    }
    *end = static_cast<size_t>(before);
    return absl::OkStatus();
  }

  absl::Status ReadBuffer(const FieldPlan& field, size_t bytes_needed, std::string_view* result) {
    if (batch_.buffers() == nullptr || next_buffer_ == batch_.buffers()->size()) {
      return Invalid(base::StrCat("there is no buffer for field ", field.name));
    }
    const auto buffer = StructAt(*batch_.buffers(), next_buffer_++);
    const auto size = static_cast<int64_t>(body_.size());
    if (buffer.offset() < 0 || buffer.length() < 0 || buffer.offset() > size ||
        buffer.length() > size - buffer.offset()) {
      return Invalid(base::StrCat("a buffer of field ", field.name, " lies outside of the body"));
    }
    *result = body_.substr(static_cast<size_t>(buffer.offset()), static_cast<size_t>(buffer.length()));
    if (result->size() >= bytes_needed) return absl::OkStatus();
    return Invalid(base::StrCat("a buffer of field ", field.name, " has ", result->size(), " bytes where ",
                                bytes_needed, " are needed"));
  }

  const ipc::RecordBatch& batch_;
  const std::string_view body_;
  flatbuffers::uoffset_t next_node_ = 0;
  flatbuffers::uoffset_t next_buffer_ = 0;
};

}  // namespace

absl::StatusOr<ArrowBatch> ArrowBatch::Open(std::string_view message, const WriterPlan& plan) {
  BQCDC_ASSIGN_OR_RETURN(const ArrowMessage parsed, ArrowMessage::Parse(message, "record batch"));
  const ipc::RecordBatch* const records = parsed.record_batch();
  if (records == nullptr) {
    return Invalid("the message is not a RecordBatch (the schema goes into writer_schema alone)");
  }
  if (records->compression() != nullptr) {
    return Invalid("compressed buffers are not taken; write it without compression");
  }
  // Far beyond what a request can hold; below it no sum of sizes overflows.
  if (records->length() < 0 || records->length() > std::numeric_limits<int32_t>::max()) {
    return Invalid(base::StrCat("it has ", records->length(), " rows"));
  }
  ArrowBatch batch;
  batch.bytes_ = parsed.body().size();
  batch.row_count_ = static_cast<size_t>(records->length());
  BatchReader reader(*records, parsed.body());
  BQCDC_RETURN_IF_ERROR(reader.ReadFields(plan.root, batch.row_count_, &batch.columns_));
  if (!reader.AtEnd()) return Invalid("it has more fields than the writer schema");
  return batch;
}

}  // namespace bqcdc::emulator::convert
