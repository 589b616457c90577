#include "bqcdc/emulator/engine/store_file.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/storage_type.h"

namespace bqcdc::emulator::engine {

StoreFile::StoreFile(const std::string& directory, std::string name)
    : name_(std::move(name)), path_(base::StrCat(directory, "/", name_, ".duckdb")), journal_(path_) {}

int64_t StoreFile::LogBytes() const {
  struct stat facts = {};
  return stat((path_ + ".wal").c_str(), &facts) == 0 ? facts.st_size : 0;
}

absl::Status StoreFile::Attach(Connection& connection) const {
  BQCDC_RETURN_IF_ERROR(journal_.RollBack());
  return connection.Run(base::StrCat("ATTACH ", QuoteLiteral(path_), " AS ", name_));
}

absl::Status StoreFile::Checkpoint(Connection& connection) {
  base::HitFailpoint(base::Failpoint::kCheckpointBefore);
  std::vector<int64_t> written_over;
  const auto note = [&](const Chunk& chunk) {
    for (size_t row = 0; row < chunk.row_count(); ++row) written_over.push_back(chunk.Reader(0).Int64(row));
    return absl::OkStatus();
  };
  BQCDC_RETURN_IF_ERROR(connection.Read(
      base::StrCat("SELECT block_id FROM pragma_metadata_info('", name_, "') WHERE free_blocks > 0"), note));
  BQCDC_RETURN_IF_ERROR(journal_.Begin(written_over));
  BQCDC_RETURN_IF_ERROR(connection.Run(base::StrCat("CHECKPOINT ", name_)));
  base::HitFailpoint(base::Failpoint::kCheckpointDone);
  journal_.End();
  base::HitFailpoint(base::Failpoint::kCheckpointAfter);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::engine
