#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/committer.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/write_stream.h"

namespace bqcdc::emulator::engine {

// What happens to created write streams besides appends: each change is a transaction of the committing
// thread, so that it stands clearly before or after every append. Thread-safe.
class WriteStreams {
 public:
  WriteStreams(DatabaseCore* core, Committer* committer) : core_(core), committer_(committer) {}

  absl::StatusOr<WriteStream> Create(const catalog::TableId& id, WriteStreamType type);
  absl::StatusOr<WriteStream> Get(const catalog::TableId& id, const std::string& stream) const;
  absl::StatusOr<WriteStream> Finalize(const catalog::TableId& id, const std::string& stream);
  absl::StatusOr<CommitOutcome> Commit(const catalog::TableId& id, const std::vector<std::string>& streams);
  absl::Status Flush(const catalog::TableId& id, const std::string& stream, int64_t offset);

 private:
  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) const;
  // Runs `task` on the committing thread with the table as it is there.
  absl::Status WithTable(const catalog::TableId& id,
                         const std::function<absl::Status(const catalog::Table&, Connection&)>& task);
  absl::StatusOr<WriteStream> FindStream(int64_t uid, const std::string& id) const;
  // What was stored is what others see from now on, unless the table has gone meanwhile.
  void MakeKnown(const WriteStream& stream);
  absl::Status Put(Connection& delta, const WriteStream& stream, const std::string& sql);
  absl::Status RemoveExpired(Connection& delta);

  DatabaseCore* const core_;
  Committer* const committer_;
};

}  // namespace bqcdc::emulator::engine
