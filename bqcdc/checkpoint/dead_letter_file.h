#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/checkpoint/locked_file.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::checkpoint {

// A row that was set aside, with the place where it stands and the reason.
struct DeadLetterRecord {
  std::string_view source;          // file name, "-" for standard input
  values::SequenceNumber sequence;  // epoch/position/ordinal/sub of the row
  std::uint64_t line = 0;           // counted from 1 over the whole input of the run
  std::string_view reason;          // a stable word: "null_key", "refused"
  std::string_view message;         // for a person; the service's messages may hold values of the row
  std::string_view row;             // as it was read
  std::string_view column = {};     // path of the column that is to blame; empty = not known. Holds no value
};

struct DeadLetterOptions {
  std::string path;
  std::string table;  // "p.d.t"
  // Creation time of the table, milliseconds since 1970: with the name it says which table was meant.
  std::int64_t table_creation_time_ms = 0;
};

// The file of rows that were set aside, one JSON record a line: docs/formats/dead-letter.md. Created at the
// first record with mode 0600, since it holds cell values; appended to afterwards, by one process at a time.
// A record that is in it already (same source, sequence number and row) is not written again, so a repeated
// run doubles nothing. Not thread-safe.
class DeadLetterFile {
 public:
  // More records than this are not read back; the file is to be moved away then.
  static constexpr std::size_t kRecordsMax = 2'000'000;

  DeadLetterFile(DeadLetterOptions options, const base::Clock& clock);
  DeadLetterFile(const DeadLetterFile&) = delete;
  DeadLetterFile& operator=(const DeadLetterFile&) = delete;

  // Says before the first record what Append would find wrong: a file that is none of dead letters, a
  // directory that is not there. Takes no lock and changes nothing.
  absl::Status Inspect() const;

  // Makes the records durable: they are on disk when it returns Ok. On an error none of them counts as
  // written and rows must not be taken for settled. Errors: FailedPrecondition (in use by another process, no
  // regular file, not of dead letters), Internal (disk), ResourceExhausted (kRecordsMax).
  absl::Status Append(std::span<const DeadLetterRecord> records);

  const std::string& path() const { return options_.path; }

 private:
  using Digest = std::array<unsigned char, 32>;

  absl::Status Open();
  absl::Status ReadBack();
  absl::Status NoRecord(std::size_t line) const;
  absl::Status WriteAll(std::string_view bytes);
  static Digest Identity(std::string_view source, std::string_view sequence, std::string_view row);
  std::string Format(const DeadLetterRecord& record, std::string_view sequence) const;

  const DeadLetterOptions options_;
  const base::Clock& clock_;
  std::optional<LockedFile> file_;  // none yet
  off_t size_ = 0;
  std::set<Digest> present_;
};

}  // namespace bqcdc::checkpoint
