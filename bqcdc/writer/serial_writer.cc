#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/writer/writer.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {

// The order of calls becomes the position of a sequence number: the lock makes both the same.
class SerialWriter::Impl {
 public:
  Impl(std::unique_ptr<Writer> writer, TableWriter* table, const base::Clock& clock)
      : writer(std::move(writer)), table(table), clock(clock) {}

  // Calls `append` with the next number, which counts where that is taken.
  absl::Status AppendNext(absl::FunctionRef<absl::Status(const SequenceNumber&)> append,
                          absl::Time deadline) {
    std::uint64_t next = 0;
    {
      const auto free = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex) { return !appending; };
      absl::MutexLock lock(&mutex);
      if (!clock.AwaitWithDeadline(mutex, absl::Condition(&free), deadline)) {
        return absl::DeadlineExceededError(
            absl::StrCat("table ", table->name(), ": others were appending for too long"));
      }
      appending = true;
      next = position + 1;
    }
    bool taken = false;
    const absl::Cleanup done = [&] {
      absl::MutexLock lock(&mutex);
      appending = false;
      if (taken) position = next;
    };
    const absl::Status status = append({{table->epoch(), next, 1, 0}});
    taken = status.ok();
    return status;
  }

  std::unique_ptr<Writer> writer;
  TableWriter* const table;
  const base::Clock& clock;  // of the writer's parts
  absl::Mutex mutex;
  bool appending ABSL_GUARDED_BY(mutex) = false;
  std::uint64_t position ABSL_GUARDED_BY(mutex) = 0;
};

absl::StatusOr<std::unique_ptr<SerialWriter>> WriterOpener::OpenSerial(WriterParts parts,
                                                                       WriterOptions options,
                                                                       std::string_view table) {
  options.connections_max = 1;
  options.requests_in_flight_max = 1;
  const base::Clock& clock = *parts.clock;
  BQCDC_ASSIGN_OR_RETURN(auto writer, Open(std::move(parts), std::move(options)));
  BQCDC_ASSIGN_OR_RETURN(TableWriter* const opened, writer->OpenTable(table));
  return std::unique_ptr<SerialWriter>(
      new SerialWriter(std::make_unique<SerialWriter::Impl>(std::move(writer), opened, clock)));
}

SerialWriter::SerialWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SerialWriter::~SerialWriter() = default;

absl::StatusOr<ColumnHandle> SerialWriter::Column(std::string_view name) const {
  return impl_->table->Column(name);
}

absl::Status SerialWriter::EvolveSchema(std::string_view columns) {
  return impl_->table->EvolveSchema(columns);
}

absl::Status SerialWriter::Append(ChangeType change_type, absl::FunctionRef<void(Row&)> fill,
                                  absl::Time deadline) {
  return impl_->AppendNext(
      [&](const SequenceNumber& sequence) {
        return impl_->table->Append(change_type, sequence, fill, deadline);
      },
      deadline);
}

absl::Status SerialWriter::AppendJson(std::string_view object, absl::Time deadline) {
  return impl_->AppendNext(
      [&](const SequenceNumber& sequence) { return impl_->table->AppendJson(object, sequence, deadline); },
      deadline);
}

absl::Status SerialWriter::Flush(absl::Time deadline) { return impl_->writer->Flush(deadline); }
absl::Status SerialWriter::Close(absl::Time deadline) { return impl_->writer->Close(deadline); }
void SerialWriter::Cancel() { impl_->writer->Cancel(); }
absl::Status SerialWriter::status() const { return impl_->writer->status(); }
WriterStats SerialWriter::stats() const { return impl_->writer->stats(); }

}  // namespace bqcdc
