#include "bqcdc/rest/table_admin.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/schema_diff.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::rest {
namespace {

std::string QuotedName(const std::string& name) { return absl::StrCat("`", name, "`"); }

// A GoogleSQL string literal; JSON's escapes are a subset of GoogleSQL's.
std::string QuotedText(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string QuotedNames(const std::vector<std::string>& names) {
  return absl::StrJoin(
      names, ", ", [](std::string* out, const std::string& name) { absl::StrAppend(out, QuotedName(name)); });
}

std::string ColumnDefinition(const schema::Column& column) {
  std::string text = absl::StrCat(QuotedName(column.name), " ", schema::SqlType(column));
  if (!column.default_value_expression.empty())
    absl::StrAppend(&text, " DEFAULT ", column.default_value_expression);
  if (column.required()) absl::StrAppend(&text, " NOT NULL");
  if (!column.description.empty())
    absl::StrAppend(&text, " OPTIONS (description = ", QuotedText(column.description), ")");
  return text;
}

absl::Status EnsureDataset(const BigQueryClient& client, const TableName& name) {
  const absl::Status found = client.GetDataset(name.project, name.dataset);
  if (found.code() != absl::StatusCode::kNotFound) return found;
  const absl::Status inserted = client.InsertDataset(name.project, name.dataset);
  return inserted.code() == absl::StatusCode::kAlreadyExists ? absl::OkStatus() : inserted;
}

bool SameNames(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const std::string& x, const std::string& y) {
    return absl::AsciiStrToLower(x) == absl::AsciiStrToLower(y);
  });
}

// One line for each difference; empty = the table is as wanted.
absl::StatusOr<std::vector<std::string>> Differences(const BigQueryClient& client, const TableSpec& spec,
                                                     const TableResource& existing) {
  if (!existing.type.empty() && existing.type != "TABLE") {
    return std::vector<std::string>{absl::StrCat("it is a ", existing.type)};
  }
  std::vector<std::string> lines = schema::DiffSchemas(spec.schema, existing.schema);
  if (!spec.clustering.empty() && !SameNames(spec.clustering, existing.clustering)) {
    lines.push_back(absl::StrCat("clustering: wanted (", absl::StrJoin(spec.clustering, ", "), "), is (",
                                 absl::StrJoin(existing.clustering, ", "), ")"));
  }
  if (spec.max_staleness.has_value()) {
    BQCDC_ASSIGN_OR_RETURN(const values::Interval staleness, ReadStaleness(client, spec.name));
    if (staleness.TotalMicros() != spec.max_staleness->TotalMicros()) {
      lines.push_back(absl::StrCat("max_staleness: wanted ", values::FormatInterval(*spec.max_staleness),
                                   ", is ", values::FormatInterval(staleness),
                                   " (bqcdc set-staleness changes it)"));
    }
  }
  return lines;
}

absl::Status VerifyStaleness(const BigQueryClient& client, const TableName& name,
                             const values::Interval& wanted) {
  BQCDC_ASSIGN_OR_RETURN(const values::Interval is, ReadStaleness(client, name));
  if (is.TotalMicros() == wanted.TotalMicros()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("max_staleness of ", name.ToString(), " was set to ",
                                          values::FormatInterval(wanted), " but TABLE_OPTIONS says ",
                                          values::FormatInterval(is)));
}

}  // namespace

std::string StalenessExpression(const values::Interval& staleness) {
  if (staleness.months == 0 && staleness.days == 0 && staleness.micros % values::kMicrosPerMinute == 0) {
    return absl::StrCat("INTERVAL ", staleness.micros / values::kMicrosPerMinute, " MINUTE");
  }
  return absl::StrCat("INTERVAL '", values::FormatInterval(staleness), "' YEAR TO SECOND");
}

std::string CreateTableStatement(const TableSpec& spec) {
  std::vector<std::string> lines;
  for (const schema::Column& column : spec.schema.columns) lines.push_back(ColumnDefinition(column));
  lines.push_back(absl::StrCat("PRIMARY KEY (", QuotedNames(spec.schema.primary_key), ") NOT ENFORCED"));
  std::string sql =
      absl::StrCat("CREATE TABLE ", spec.name.Quoted(), " (\n  ", absl::StrJoin(lines, ",\n  "), "\n)");
  if (!spec.clustering.empty()) absl::StrAppend(&sql, "\nCLUSTER BY ", QuotedNames(spec.clustering));
  if (spec.max_staleness.has_value() && spec.max_staleness->TotalMicros() != 0) {
    absl::StrAppend(&sql, "\nOPTIONS (max_staleness = ", StalenessExpression(*spec.max_staleness), ")");
  }
  return sql;
}

absl::StatusOr<CreateOutcome> CreateTable(const BigQueryClient& client, const TableSpec& spec) {
  BQCDC_RETURN_IF_ERROR(EnsureDataset(client, spec.name));
  absl::StatusOr<TableResource> existing = client.GetTable(spec.name);
  if (existing.status().code() == absl::StatusCode::kNotFound) {
    const absl::Status created = client.QueryAll(CreateTableStatement(spec)).status();
    if (created.ok()) {
      if (spec.max_staleness.has_value())
        BQCDC_RETURN_IF_ERROR(VerifyStaleness(client, spec.name, *spec.max_staleness));
      return CreateOutcome::kCreated;
    }
    if (created.code() != absl::StatusCode::kAlreadyExists) return created;
    existing = client.GetTable(spec.name);  // Someone else was faster.
  }
  BQCDC_RETURN_IF_ERROR(existing.status());
  BQCDC_ASSIGN_OR_RETURN(const std::vector<std::string> differences, Differences(client, spec, *existing));
  if (differences.empty()) return CreateOutcome::kExisted;
  return absl::AlreadyExistsError(absl::StrCat("table ", spec.name.ToString(),
                                               " exists and is not as wanted:\n  ",
                                               absl::StrJoin(differences, "\n  ")));
}

absl::Status SetStaleness(const BigQueryClient& client, const TableName& name,
                          const values::Interval& staleness) {
  BQCDC_RETURN_IF_ERROR(
      client
          .QueryAll(absl::StrCat("ALTER TABLE ", name.Quoted(),
                                 " SET OPTIONS (max_staleness = ", StalenessExpression(staleness), ")"))
          .status());
  return VerifyStaleness(client, name, staleness);
}

absl::StatusOr<values::Interval> ReadStaleness(const BigQueryClient& client, const TableName& name) {
  BQCDC_ASSIGN_OR_RETURN(
      const QueryPage page,
      client.QueryAll(absl::StrCat("SELECT option_value FROM `", name.project, "`.`", name.dataset,
                                   "`.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = '", name.table,
                                   "' AND option_name = 'max_staleness'")));
  values::Interval staleness;
  if (page.rows.empty() || page.rows.front().empty() || page.rows.front().front().null) return staleness;
  const std::string& text = page.rows.front().front().text;
  if (values::ParseInterval(text, &staleness) != values::ValueError::kNone) {
    return absl::DataLossError(
        absl::StrCat("TABLE_OPTIONS gives no interval for max_staleness: '", text, "'"));
  }
  return staleness;
}

}  // namespace bqcdc::rest
