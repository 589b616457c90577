#include "bqcdc/emulator/engine/table_appender.h"

#include <utility>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/store_error.h"

namespace bqcdc::emulator::engine {

TableAppender::TableAppender(Connection& connection, const std::string& table) {
  ok_ = duckdb_appender_create_ext(connection.handle(), "delta", "main", table.c_str(), &appender_) ==
        DuckDBSuccess;
}

TableAppender::TableAppender(TableAppender&& other) noexcept
    : appender_(std::exchange(other.appender_, nullptr)), ok_(other.ok_), stored_(other.stored_) {}

TableAppender::~TableAppender() {
  // DuckDB stores what an appender still holds when it destroys it, unless a row is incomplete: rows that
  // were refused would show, and show twice once they have been sent again.
  if (appender_ != nullptr && !stored_) duckdb_append_null(appender_);
  duckdb_appender_destroy(&appender_);
}

void TableAppender::Append(const Chunk& chunk) {
  ok_ = ok_ &&
        duckdb_append_data_chunk(appender_, static_cast<duckdb_data_chunk>(chunk.handle())) == DuckDBSuccess;
}

absl::Status TableAppender::Close() {
  stored_ = ok_ && duckdb_appender_close(appender_) == DuckDBSuccess;
  if (stored_) return absl::OkStatus();
  const char* text = appender_ == nullptr ? nullptr : duckdb_appender_error(appender_);
  if (text != nullptr && IsOutOfMemoryText(text)) {
    return absl::ResourceExhaustedError(
        "Resources exceeded: not enough memory to store these rows; send fewer of them at once");
  }
  return base::Internal(kStoreErrorPrefix, "cannot append: ", text == nullptr ? "no reason given" : text);
}

}  // namespace bqcdc::emulator::engine
