#include "tests/sql/sql_session.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::tests::sql {
namespace {

using emulator::engine::VectorReader;
using schema::ColumnType;

std::string PrintCell(const VectorReader& reader, size_t row, const schema::Column& column, bool element);

std::string PrintScalar(const VectorReader& reader, size_t row, const schema::Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
      return reader.Bool(row) ? "true" : "false";
    case ColumnType::kInt64:
      return base::StrCat(reader.Int64(row));
    case ColumnType::kFloat64:
      return emulator::sql::Float64ToText(reader.Double(row));
    case ColumnType::kNumeric: {
      values::Numeric value;
      (void)values::Numeric::FromUnscaled(reader.Int128(row), &value);
      return value.ToString();
    }
    case ColumnType::kBigNumeric: {
      values::BigNumeric value;
      (void)values::BigNumeric::FromBlob(reader.Bytes(row), &value);
      return value.ToString();
    }
    case ColumnType::kBytes:
      return "0x" + absl::BytesToHexString(base::ToAbsl(reader.Bytes(row)));
    case ColumnType::kDate:
      return values::FormatDate(reader.Int32(row));
    case ColumnType::kDatetime:
      return values::FormatDatetime(reader.Int64(row));
    case ColumnType::kTime:
      return values::FormatTime(reader.Int64(row));
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return values::FormatTimestampPicos(reader.Int128(row));
      return values::FormatTimestamp(reader.Int64(row));
    case ColumnType::kInterval: {
      const auto value = reader.Interval(row);
      return values::FormatInterval({value.months, value.days, value.micros});
    }
    case ColumnType::kRange: {
      const std::vector<schema::Column>& ends = schema::PartsOf(column);
      std::string text = "[";
      for (size_t i = 0; i < ends.size(); ++i) {
        const VectorReader end = reader.Field(i);
        base::StrAppend(&text, i == 0 ? "" : ", ",
                        end.IsUnbounded(row, ends[i].type) ? "UNBOUNDED" : PrintScalar(end, row, ends[i]));
      }
      return text + ")";
    }
    case ColumnType::kStruct: {
      std::string text;
      for (size_t i = 0; i < column.fields.size(); ++i) {
        base::StrAppend(&text, i == 0 ? "{" : ", ", PrintCell(reader.Field(i), row, column.fields[i], false));
      }
      return text + "}";
    }
    default:
      return std::string(reader.Bytes(row));
  }
}

std::string PrintCell(const VectorReader& reader, size_t row, const schema::Column& column, bool element) {
  if (reader.IsNull(row)) return "NULL";
  if (!column.repeated() || element) return PrintScalar(reader, row, column);
  const VectorReader::ListEntry entry = reader.List(row);
  const VectorReader elements = reader.Elements();
  std::string text;
  for (size_t i = 0; i < entry.length; ++i) {
    base::StrAppend(&text, i == 0 ? "" : ", ", PrintCell(elements, entry.offset + i, column, true));
  }
  return base::StrCat("[", text, "]");
}

}  // namespace

SqlSession::SqlSession() : clock_(absl::FromUnixMicros(1767323045678901)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "bqcdc-sql-XXXXXX").string();
  directory_ = mkdtemp(pattern.data());
  emulator::engine::DatabaseOptions options;
  options.data_dir = directory_;
  options.background_apply = false;
  auto database = emulator::engine::Database::Open(options, &clock_);
  if (!database.ok()) {
    std::fprintf(stderr, "cannot open a store: %s\n", std::string(database.status().message()).c_str());
    std::abort();
  }
  database_ = *std::move(database);
  emulator::catalog::Dataset dataset;
  dataset.id = {"p", "d"};
  (void)database_->CreateDataset(dataset);
}

SqlSession::~SqlSession() {
  database_.reset();
  std::filesystem::remove_all(directory_);
}

absl::StatusOr<emulator::sql::QueryOutcome> SqlSession::Run(const std::string& sql, bool dry_run) {
  emulator::sql::QueryRequest request;
  request.text = sql;
  request.project = "p";
  request.default_dataset = emulator::catalog::DatasetId{"p", "d"};
  request.dry_run = dry_run;
  // As the service's jobs have it: statements that can be cancelled go other ways through the store.
  request.cancellation = std::make_shared<emulator::engine::Cancellation>();
  return emulator::sql::RunQuery(*database_, request);
}

std::vector<std::string> PrintRows(const emulator::sql::QueryOutcome& whole) {
  const emulator::sql::QueryOutcome& outcome = whole.shown();
  std::vector<std::string> lines(1);
  for (const schema::Column& column : outcome.columns) {
    base::StrAppend(&lines[0], lines[0].empty() ? "" : " ", column.name, ":", schema::SqlType(column));
  }
  for (const emulator::engine::Chunk& chunk : outcome.chunks) {
    for (size_t row = 0; row < chunk.row_count(); ++row) {
      std::string line;
      for (size_t i = 0; i < outcome.columns.size(); ++i) {
        base::StrAppend(&line, i == 0 ? "" : " | ",
                        PrintCell(chunk.Reader(i), row, outcome.columns[i], false));
      }
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string PrintChanges(const emulator::sql::QueryOutcome& whole) {
  const emulator::sql::QueryOutcome& outcome = whole.shown();
  if (!outcome.dml_counts) return "no DML statement";
  std::string text;
  const auto add = [&](int64_t rows, const char* what) {
    if (rows > 0) base::StrAppend(&text, text.empty() ? "" : ", ", rows, " ", what);
  };
  add(outcome.dml_counts->inserted, "inserted");
  add(outcome.dml_counts->updated, "updated");
  add(outcome.dml_counts->deleted, "deleted");
  return text.empty() ? "nothing" : text;
}

}  // namespace bqcdc::tests::sql
