#include <utility>

#include "absl/synchronization/mutex.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/writer/writer.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {

// The order of calls becomes the position of a sequence number: the lock makes both the same.
class SerialWriter::Impl {
 public:
  Impl(std::unique_ptr<Writer> writer, TableWriter* table) : writer(std::move(writer)), table(table) {}

  std::unique_ptr<Writer> writer;
  TableWriter* const table;
  absl::Mutex mutex;
  std::uint64_t position ABSL_GUARDED_BY(mutex) = 0;
};

absl::StatusOr<std::unique_ptr<SerialWriter>> WriterOpener::OpenSerial(WriterParts parts,
                                                                       WriterOptions options,
                                                                       std::string_view table) {
  options.connections_max = 1;
  options.requests_in_flight_max = 1;
  BQCDC_ASSIGN_OR_RETURN(auto writer, Open(std::move(parts), std::move(options)));
  BQCDC_ASSIGN_OR_RETURN(TableWriter* const opened, writer->OpenTable(table));
  return std::unique_ptr<SerialWriter>(
      new SerialWriter(std::make_unique<SerialWriter::Impl>(std::move(writer), opened)));
}

SerialWriter::SerialWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SerialWriter::~SerialWriter() = default;

absl::StatusOr<ColumnHandle> SerialWriter::Column(std::string_view name) const {
  return impl_->table->Column(name);
}

absl::Status SerialWriter::Append(ChangeType change_type, absl::FunctionRef<void(Row&)> fill,
                                  absl::Time deadline) {
  absl::MutexLock lock(&impl_->mutex);
  const SequenceNumber sequence{{impl_->table->epoch(), impl_->position + 1, 1, 0}};
  BQCDC_RETURN_IF_ERROR(impl_->table->Append(change_type, sequence, fill, deadline));
  ++impl_->position;
  return absl::OkStatus();
}

absl::Status SerialWriter::Flush(absl::Time deadline) { return impl_->writer->Flush(deadline); }
absl::Status SerialWriter::Close(absl::Time deadline) { return impl_->writer->Close(deadline); }

}  // namespace bqcdc
