#include "bqcdc/emulator/handlers/table_reading.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::handlers {
namespace {

using schema::Column;
using schema::ColumnType;

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string StringLiteral(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal.push_back('\'');
    literal.push_back(c);
  }
  literal.push_back('\'');
  return literal;
}

int FixedBytes(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return 1;
    case ColumnType::kNumeric:
    case ColumnType::kInterval:
    case ColumnType::kRange:
      return 16;
    case ColumnType::kBigNumeric:
      return 32;
    default:
      return 8;
  }
}

std::string SingleBytesSql(const Column& column, const std::string& value) {
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return base::StrCat("coalesce(strlen(", value, ") + 2, 0)");
    case ColumnType::kBytes:
      return base::StrCat("coalesce(octet_length(", value, ") + 2, 0)");
    case ColumnType::kStruct: {
      std::string sum = "(0";
      for (const Column& field : column.fields) {
        base::StrAppend(&sum, " + ",
                        LogicalBytesSql(field, base::StrCat("struct_extract(", value, ", ",
                                                            StringLiteral(field.name), ")")));
      }
      return sum + ")";
    }
    default:
      return base::StrCat("(CASE WHEN ", value, " IS NULL THEN 0 ELSE ", FixedBytes(column.type), " END)");
  }
}

// The only row and column of a query, as int64; NULL is 0.
absl::StatusOr<std::vector<int64_t>> ReadIntegers(engine::ReadSession& session, const std::string& sql) {
  BQCDC_ASSIGN_OR_RETURN(const auto result, session.Execute(sql));
  BQCDC_ASSIGN_OR_RETURN(const auto chunk, result->Next());
  if (!chunk || chunk->row_count() != 1) return absl::InternalError("a query of one row gave none");
  std::vector<int64_t> values;
  for (size_t i = 0; i < chunk->column_count(); ++i) {
    const engine::VectorReader reader = chunk->Reader(i);
    values.push_back(reader.IsNull(0) ? 0 : reader.Int64(0));
  }
  return values;
}

}  // namespace

catalog::TableId TableOf(const MethodCall& call) {
  return {call.Path("projectId"), call.Path("datasetId"), call.Path("tableId")};
}

bool HasRows(const Job& job) { return job.state() == JobState::kDone && job.status().ok(); }

std::string LogicalBytesSql(const Column& column, const std::string& value) {
  if (!column.repeated()) return SingleBytesSql(column, value);
  return base::StrCat("coalesce(list_sum(list_transform(", value, ", lambda e: ", SingleBytesSql(column, "e"),
                      ")), 0)");
}

absl::StatusOr<convert::TableSize> MeasureTable(engine::Database& database, const catalog::Table& table) {
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  std::string bytes = "0";
  for (const Column& column : table.schema.columns) {
    base::StrAppend(&bytes, " + ", LogicalBytesSql(column, Quoted(column.name)));
  }
  BQCDC_ASSIGN_OR_RETURN(const std::vector<int64_t> values,
                         ReadIntegers(*session, base::StrCat("SELECT count(*)::BIGINT, sum(", bytes,
                                                             ")::BIGINT FROM ", relation, " AS t")));
  return convert::TableSize{.rows = values.at(0), .bytes = values.at(1)};
}

absl::StatusOr<TableRows> ReadTable(engine::Database& database, const catalog::Table& table, int64_t first,
                                    int64_t count) {
  TableRows rows;
  BQCDC_ASSIGN_OR_RETURN(const auto session, database.BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
  BQCDC_ASSIGN_OR_RETURN(
      const std::vector<int64_t> total,
      ReadIntegers(*session, base::StrCat("SELECT count(*)::BIGINT FROM ", relation, " AS t")));
  rows.total = total.at(0);
  if (count == 0 || first >= rows.total) return rows;
  BQCDC_ASSIGN_OR_RETURN(
      const auto result,
      session->Execute(base::StrCat("SELECT * FROM ", relation, " AS t LIMIT ", count, " OFFSET ", first)));
  for (;;) {
    BQCDC_ASSIGN_OR_RETURN(auto chunk, result->Next());
    if (!chunk) return rows;
    rows.chunks.push_back(*std::move(chunk));
  }
}

}  // namespace bqcdc::emulator::handlers
