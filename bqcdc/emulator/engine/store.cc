#include "bqcdc/emulator/engine/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "bqcdc/base/spare_core.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/base/thread_class.h"
#include "bqcdc/emulator/engine/store_error.h"
#include "bqcdc/emulator/engine/stream_sql.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr const char* kLockFile = "LOCK";
constexpr size_t kLockBytesMax = 32;

template <typename... Pieces>
absl::Status Refused(const std::string& directory, const Pieces&... pieces) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "data directory ", directory, ": ", pieces...);
}

std::string LastError() { return std::strerror(errno); }

// DuckDB locks its files too, but with locks that belong to the process: a second store of one process would
// pass.
absl::StatusOr<int> TakeLock(const std::string& directory) {
  const std::string path = directory + "/" + kLockFile;
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Refused(directory, "cannot be written: ", LastError());
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    char holder[kLockBytesMax] = {};
    const ssize_t bytes = read(file, holder, sizeof holder - 1);
    close(file);
    return Refused(directory, "is in use by process ", bytes > 0 ? holder : "unknown",
                   "; stop that server or choose another directory");
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(file, 0) != 0 || pwrite(file, pid.data(), pid.size(), 0) < 0) {
    const absl::Status status = Refused(directory, "cannot be written: ", LastError());
    close(file);
    return status;
  }
  return file;
}

struct Config {
  duckdb_config value = nullptr;
  Config() { duckdb_create_config(&value); }
  ~Config() { duckdb_destroy_config(&value); }
};

std::string TableName(std::string_view file, char kind, int64_t uid) {
  return base::StrCat(file, ".main.", std::string(1, kind), uid);
}

}  // namespace

std::string BaselineTable(int64_t uid) { return TableName("baseline", 'b', uid); }
std::string TombstoneTable(int64_t uid) { return TableName("baseline", 't', uid); }
std::string DeltaTable(int64_t uid) { return TableName("delta", 'd', uid); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& directory, int64_t memory_bytes_max,
                                                   int threads) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return Refused(directory, "cannot be created: ", error.message());
  BQCDC_ASSIGN_OR_RETURN(const int lock, TakeLock(directory));
  std::unique_ptr<Store> store(new Store(directory, lock));
  BQCDC_RETURN_IF_ERROR(store->Start(memory_bytes_max, threads));
  return store;
}

Store::~Store() {
  if (database_ != nullptr) {
    // What is left in a log costs the next start time; nothing else.
    if (const auto connection = Connect(); connection.ok()) {
      for (StoreFile* file : {&baseline_, &delta_}) {
        if (file->LogBytes() > 0) file->Checkpoint(**connection).IgnoreError();
      }
    }
    duckdb_close(&database_);
  }
  close(lock_);
}

absl::Status Store::Start(int64_t memory_bytes_max, int threads) {
  const std::pair<const char*, std::string> settings[] = {
      {"threads", base::StrCat(threads)},
      {"memory_limit", base::StrCat(memory_bytes_max / (1024 * 1024), "MiB")},
      {"temp_directory", directory_ + "/temp"},
      // Checkpoints come when the committer and the applier want them: one that starts by itself stalls
      // appends.
      {"wal_autocheckpoint", "1TB"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
  };
  Config config;
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config.value, name, value.c_str()) == DuckDBError) {
      return base::Internal(kStoreErrorPrefix, "DuckDB has no setting ", name);
    }
  }
  char* message = nullptr;
  duckdb_state opened = DuckDBError;
  // DuckDB's pool has the class and the cores of the thread that starts it. Queries and applies compute;
  // appends answer. The thread that asks takes part in its query, so a core that the pool spares is not idle.
  std::thread([&] {
    base::SetThreadClass(base::ThreadClass::kComputes);
    base::SpareOneCore();
    opened = duckdb_open_ext(nullptr, &database_, config.value, &message);
  }).join();
  if (opened == DuckDBError) {
    absl::Status status =
        base::Internal(kStoreErrorPrefix, message == nullptr ? "cannot start DuckDB" : message);
    duckdb_free(message);
    return status;
  }
  BQCDC_ASSIGN_OR_RETURN(auto connection, Connect());
  BQCDC_RETURN_IF_ERROR(Attach(*connection));
  return CheckFormat(*connection);
}

absl::Status Store::Attach(Connection& connection) {
  for (const StoreFile* file : {&baseline_, &delta_}) {
    const absl::Status status = file->Attach(connection);
    if (!status.ok()) return Refused(directory_, base::ToStd(status.message()));
  }
  // DuckDB's own checkpoint, at its end, would have no journal. The statements come from our translator, but
  // a query has no business with other files in any case.
  return connection.Run(
      "PRAGMA disable_checkpoint_on_shutdown; SET GLOBAL TimeZone = 'UTC'; SET GLOBAL enable_external_access "
      "= "
      "false");
}

absl::Status Store::CheckFormat(Connection& connection) {
  // Looked at first: what a newer program wrote is not touched.
  BQCDC_ASSIGN_OR_RETURN(
      const std::optional<int64_t> tables,
      connection.ReadInt64("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'baseline' AND "
                           "table_name = 'meta'"));
  std::optional<int64_t> format;
  if (tables.value_or(0) > 0) {
    BQCDC_ASSIGN_OR_RETURN(
        format, connection.ReadInt64("SELECT value FROM baseline.main.meta WHERE name = 'format'"));
  }
  if (format && *format > kFormat) {
    return Refused(directory_, "has format ", *format, ", this program reads formats up to ", kFormat,
                   "; use a newer bqcdc");
  }
  BQCDC_RETURN_IF_ERROR(connection.Run(
      "CREATE TABLE IF NOT EXISTS delta.main.meta(name VARCHAR);"
      "CREATE TABLE IF NOT EXISTS baseline.main.meta(name VARCHAR, value BIGINT);"
      "CREATE TABLE IF NOT EXISTS baseline.main.entity(kind VARCHAR, name VARCHAR, json VARCHAR);"
      "CREATE TABLE IF NOT EXISTS baseline.main.apply_record(uid BIGINT, applied_ordinal BIGINT, applied_us "
      "BIGINT, "
      "watermark_us BIGINT, last_change_us BIGINT, highest_high UHUGEINT, highest_low UHUGEINT, "
      "oldest_tombstone_us BIGINT)"));
  if (!format) {
    BQCDC_RETURN_IF_ERROR(connection.Run(
        base::StrCat("INSERT INTO baseline.main.meta VALUES ('format', ", kFormat, "), ('next_uid', 1)")));
  } else if (*format < kFormat) {
    // Before the delta has anything that the older program would stumble over.
    BQCDC_RETURN_IF_ERROR(connection.Run(
        base::StrCat("UPDATE baseline.main.meta SET value = ", kFormat, " WHERE name = 'format'")));
  }
  return connection.Run(CreateStreamTableSql());
}

}  // namespace bqcdc::emulator::engine
