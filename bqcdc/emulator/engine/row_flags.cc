#include "bqcdc/emulator/engine/row_flags.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/store_error.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr const char* kFunctionName = "bqcdc_row";

// The objects that SQL may name, by id; an id is never given out twice in a process.
class Registry {
 public:
  static Registry& Get() {
    static Registry* const registry = new Registry;
    return *registry;
  }
  int64_t Add(const RowFlags* flags) {
    absl::MutexLock lock(&mutex_);
    flags_[++last_id_] = flags;
    return last_id_;
  }
  void Remove(int64_t id) {
    absl::MutexLock lock(&mutex_);
    flags_.erase(id);
  }
  // The caller's session keeps the object alive while its query runs.
  const RowFlags* Find(int64_t id) const {
    absl::ReaderMutexLock lock(&mutex_);
    const auto found = flags_.find(id);
    return found == flags_.end() ? nullptr : found->second;
  }

 private:
  mutable absl::Mutex mutex_;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<int64_t, const RowFlags*> flags_ ABSL_GUARDED_BY(mutex_);
};

void Evaluate(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const idx_t rows = duckdb_data_chunk_get_size(input);
  if (rows == 0) return;
  const auto* ids =
      static_cast<const int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  const auto* ordinals =
      static_cast<const int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  const auto* flags =
      static_cast<const uint8_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 2)));
  const RowFlags* table = Registry::Get().Find(ids[0]);
  if (table == nullptr) {
    duckdb_scalar_function_set_error(info, "the session of this query has ended");
    return;
  }
  auto* results = static_cast<bool*>(duckdb_vector_get_data(output));
  for (idx_t row = 0; row < rows; ++row) results[row] = table->Has(ordinals[row], flags[0]);
}

}  // namespace

RowFlags::RowFlags(int64_t first_ordinal, std::vector<uint8_t> flags)
    : first_ordinal_(first_ordinal), flags_(std::move(flags)), id_(Registry::Get().Add(this)) {}

RowFlags::~RowFlags() { Registry::Get().Remove(id_); }

std::string RowFlags::Sql(uint8_t flag, const std::string& ordinal_column) const {
  return base::StrCat(kFunctionName, "(", id_, "::BIGINT, ", ordinal_column, ", ", static_cast<int>(flag),
                      "::UTINYINT)");
}

absl::Status RegisterRowFlags(Connection& connection) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, kFunctionName);
  for (const duckdb_type parameter : {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_UTINYINT}) {
    duckdb_logical_type type = duckdb_create_logical_type(parameter);
    duckdb_scalar_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_logical_type result = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
  duckdb_scalar_function_set_return_type(function, result);
  duckdb_destroy_logical_type(&result);
  duckdb_scalar_function_set_function(function, &Evaluate);
  const duckdb_state state = duckdb_register_scalar_function(connection.handle(), function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return base::Internal(kStoreErrorPrefix, "cannot register ", kFunctionName);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::engine
