#include <algorithm>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/location.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

bool IsPartitionedBy(const catalog::Table& table, const std::string& column) {
  return (table.time_partitioning && table.time_partitioning->field == column) ||
         (table.range_partitioning && table.range_partitioning->field == column);
}

// The location that `region-europe-west1` names. Empty where the name is no region's.
std::string RegionOf(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  constexpr std::string_view kPrefix = "region-";
  if (lower.rfind(kPrefix, 0) != 0) return "";
  return lower.size() == kPrefix.size() ? "" : catalog::LocationNamed(lower.substr(kPrefix.size()));
}

// The columns of rows that are single values: of a STRUCT its fields, else the value under the alias.
std::vector<NamedColumn> ColumnsOfValue(const NamedColumn& value) {
  if (!value.type.is_struct()) return {value};
  std::vector<NamedColumn> columns;
  for (size_t i = 0; i < value.type.fields().size(); ++i) {
    columns.push_back({value.type.fields()[i].name, value.id, value.type, static_cast<int>(i)});
  }
  return columns;
}

}  // namespace

absl::Status Analyzer::RefuseTableModifiers(const TableExpression& table) {
  if (table.sample) return Unsupported(table.sample->position, "TABLESAMPLE");
  return absl::OkStatus();
}

absl::Status Analyzer::CountColumns(size_t columns) {
  columns_ += columns;
  return columns_ <= kStatementColumnsMax ? absl::OkStatus() : errors::QueryTooComplex();
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeFrom(const TableExpression& from, const Scope* outer,
                                                           FromResult* left, ResolvedJoinType join,
                                                           bool* absorbed) {
  const size_t of_left = left != nullptr ? left->names.columns.size() : 0;
  BQCDC_ASSIGN_OR_RETURN(FromResult result, AnalyzeFromItem(from, outer, left, join, absorbed));
  if (from.kind == TableExpressionKind::kJoin) return result;  // its items are counted
  const size_t columns = result.names.columns.size();
  BQCDC_RETURN_IF_ERROR(CountColumns(absorbed != nullptr && *absorbed ? columns - of_left : columns));
  return result;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeFromItem(const TableExpression& from,
                                                               const Scope* outer, FromResult* left,
                                                               ResolvedJoinType join, bool* absorbed) {
  BQCDC_RETURN_IF_ERROR(RefuseTableModifiers(from));
  if (absorbed != nullptr) *absorbed = false;
  if (from.pivot || from.unpivot) {
    if (from.kind != TableExpressionKind::kTable && from.kind != TableExpressionKind::kSubquery) {
      return Unsupported(from.position, from.pivot ? "PIVOT" : "UNPIVOT", " of this FROM item");
    }
    BQCDC_ASSIGN_OR_RETURN(FromResult input, from.kind == TableExpressionKind::kTable
                                                 ? AnalyzeTable(As<TableReference>(from), outer)
                                                 : AnalyzeTableSubquery(As<TableSubquery>(from), outer));
    if (from.pivot) return AnalyzePivot(*from.pivot, std::move(input), outer);
    return AnalyzeUnpivot(*from.unpivot, std::move(input));
  }
  switch (from.kind) {
    case TableExpressionKind::kTable: {
      const auto& table = As<TableReference>(from);
      // `FROM t, t.items`: an array of an earlier item, or of the query around.
      // A name in backquotes is a table's: its dots were written inside of them.
      const bool quoted = table.path.names.size() > 1 && table.path.names[0].quoted;
      if (!quoted && (table.path.names.size() > 1 || outer != nullptr || left != nullptr)) {
        NameMatch match;
        if (left != nullptr) match = FindName(left->names, table.path.names[0].text);
        if (match.kind == NameMatch::Kind::kNone) match = FindName(outer, table.path.names[0].text);
        const bool is_array = match.kind == NameMatch::Kind::kVariable
                                  ? table.path.names.size() > 1
                                  : match.kind == NameMatch::Kind::kColumn &&
                                        (table.path.names.size() > 1 || match.column->ValueType().is_array());
        if (is_array) {
          if (absorbed != nullptr) *absorbed = left != nullptr;
          return AnalyzeUnnest(nullptr, &table, from, table.with_offset, outer, left, join);
        }
      }
      if (table.with_offset)
        return ErrorAt(table.with_offset->position, "WITH OFFSET can only be used with an array");
      return AnalyzeTable(table, outer);
    }
    case TableExpressionKind::kSubquery:
      return AnalyzeTableSubquery(As<TableSubquery>(from), outer);
    case TableExpressionKind::kUnnest: {
      const auto& unnest = As<UnnestExpression>(from);
      if (absorbed != nullptr) *absorbed = left != nullptr;
      return AnalyzeUnnest(unnest.array.get(), nullptr, from, unnest.with_offset, outer, left, join);
    }
    case TableExpressionKind::kTableFunction: {
      const auto& function = As<TableFunction>(from);
      const std::string name =
          function.name.empty() ? std::string() : absl::AsciiStrToUpper(function.name.back().text);
      if (name == "RANGE_SESSIONIZE") return AnalyzeRangeSessionize(function, outer);
      return Unsupported(from.position, "table-valued function ", name);
    }
    case TableExpressionKind::kJoin:
      return AnalyzeJoin(As<JoinExpression>(from), outer);
  }
  return Unsupported(from.position, "this FROM item");
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeTableSubquery(const TableSubquery& subquery,
                                                                    const Scope* outer) {
  BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeQueryIn(*subquery.query, outer));
  return FromQueryResult(std::move(result), subquery.alias);
}

absl::StatusOr<Analyzer::FromResult> Analyzer::FromQueryResult(QueryResult result,
                                                               const std::optional<Identifier>& alias) {
  FromResult from;
  RangeVariable variable;
  variable.name = alias ? alias->text : "";
  if (result.is_value_table) {
    NamedColumn value{variable.name, result.outputs[0].id, result.outputs[0].type};
    variable.columns = ColumnsOfValue(value);
    variable.value = value;
  } else {
    for (const OutputColumn& output : result.outputs) {
      variable.columns.push_back({output.name, output.id, output.type});
    }
  }
  from.names.columns = variable.columns;
  if (alias) from.names.variables.push_back(std::move(variable));
  from.scan = std::move(result.scan);
  return from;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeTable(const TableReference& table, const Scope* outer) {
  (void)outer;
  if (table.system_time) return Unsupported(table.system_time->position, "FOR SYSTEM_TIME AS OF");
  if (table.path.names.size() == 1) {
    const std::string name = absl::AsciiStrToLower(table.path.names[0].text);
    for (auto entry = with_.rbegin(); entry != with_.rend(); ++entry) {
      if (entry->first != name) continue;
      auto scan = std::make_unique<WithReferenceScan>();
      scan->name = entry->second.unique_name;
      QueryResult result;
      result.is_value_table = entry->second.is_value_table;
      for (const OutputColumn& output : entry->second.outputs) {
        const ColumnId id = NewColumn();
        scan->columns.push_back({id, output.type});
        scan->sources.push_back(output.id);
        result.outputs.push_back({output.name, id, output.type});
      }
      if (entry->second.iteration) {
        ++entry->second.references;
        scan->recursive = true;
        scan->columns.push_back({NewColumn(), TypeKind::kInt64});
        scan->sources.push_back(*entry->second.iteration);
      }
      result.scan = std::move(scan);
      return FromQueryResult(std::move(result), table.alias ? table.alias : table.path.names[0]);
    }
  }
  for (size_t i = 0; i < table.path.names.size(); ++i) {
    if (absl::AsciiStrToUpper(table.path.names[i].text) == "INFORMATION_SCHEMA")
      return AnalyzeConstantTable(table, i);
  }
  return AnalyzeStoredTable(table);
}

absl::StatusOr<catalog::TableId> Analyzer::ResolveTablePath(const TablePath& path) const {
  const std::vector<Identifier>& names = path.names;
  catalog::TableId id;
  id.project = options_.project;
  if (names.size() > 3) {
    return ErrorAt(path.position, "Invalid table name: it has ", names.size(), " parts");
  }
  id.table = names.back().text;
  if (names.size() == 1) {
    if (!options_.default_dataset) {
      return ErrorAt(path.position, "Table \"", names[0].text,
                     "\" must be qualified with a dataset (e.g. dataset.table).");
    }
    id.project = options_.default_dataset->project;
    id.dataset = options_.default_dataset->dataset;
    return id;
  }
  id.dataset = names[names.size() - 2].text;
  if (names.size() == 3) id.project = names[0].text;
  // Legacy spelling inside of backquotes: `project:dataset.table`.
  const size_t colon = id.dataset.find(':');
  if (names.size() == 2 && colon != std::string::npos) {
    id.project = id.dataset.substr(0, colon);
    id.dataset = id.dataset.substr(colon + 1);
  }
  return id;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeStoredTable(const TableReference& table) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, ResolveTablePath(table.path));
  if (!id.table.empty() && id.table.back() == '*') return AnalyzeWildcard(table, id);
  if (id.table.find('$') != std::string::npos) return Unsupported(table.position, "partition decorator");
  if (id.table.find('@') != std::string::npos) return Unsupported(table.position, "snapshot decorator");
  FromResult from;
  auto scan = std::make_unique<TableScan>();
  BQCDC_ASSIGN_OR_RETURN(scan->table, tables_.FindTable(id));
  if (scan->table.view) return AnalyzeView(table, scan->table);
  const catalog::Table stored = scan->table;
  for (const schema::Column& column : stored.schema.columns) {
    const ColumnId column_id = NewColumn();
    const Type type = TypeOfColumn(column);
    scan->columns.push_back({column_id, type});
    scan->names.push_back(column.name);
    from.names.columns.push_back({column.name, column_id, type});
    if (IsPartitionedBy(stored, column.name)) scan->partition_columns.insert(column_id);
  }
  scan->needs_partition_filter = stored.require_partition_filter;
  from.scan = std::move(scan);
  if (stored.partitioned_by_ingestion()) BQCDC_RETURN_IF_ERROR(AddIngestionTime(stored, from));
  AddVariable(from.names, table.alias ? table.alias->text : id.table);
  return from;
}

// All tables with a prefix as one, with the columns of the newest
// (https://cloud.google.com/bigquery/docs/querying-wildcard-tables).
absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeWildcard(const TableReference& table,
                                                               const catalog::TableId& id) {
  const std::string prefix = id.table.substr(0, id.table.size() - 1);
  BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::Table> tables,
                         tables_.FindTables({id.project, id.dataset}, prefix));
  if (tables.empty()) return ErrorAt(table.position, id.ToString(), " does not match any table.");
  BQCDC_RETURN_IF_ERROR(CountColumns(tables.size() * tables[0].schema.columns.size()));
  FromResult from;
  auto all = std::make_unique<SetOperationScan>();
  for (const schema::Column& column : tables[0].schema.columns) {
    const ColumnId column_id = NewColumn();
    all->columns.push_back({column_id, TypeOfColumn(column)});
    from.names.columns.push_back({column.name, column_id, TypeOfColumn(column)});
  }
  const ColumnId suffix_id = NewColumn();
  all->columns.push_back({suffix_id, TypeKind::kString});
  NamedColumn suffix{"_TABLE_SUFFIX", suffix_id, TypeKind::kString};
  suffix.hidden = true;
  from.names.columns.push_back(suffix);
  for (const catalog::Table& part : tables) {
    auto scan = std::make_unique<TableScan>();
    auto project = std::make_unique<ProjectScan>();
    SetOperationScan::Input input;
    for (const schema::Column& wanted : tables[0].schema.columns) {
      const schema::Column* column = part.schema.FindColumn(wanted.name);
      const ColumnId column_id = NewColumn();
      const Type type = TypeOfColumn(wanted);
      if (column == nullptr) {
        project->computed.push_back({column_id, std::make_unique<ResolvedLiteral>(Value::Null(type))});
      } else if (!(TypeOfColumn(*column) == type)) {
        return ErrorAt(table.position, "Cannot read field '", wanted.name, "' of table ", part.id.ToString(),
                       " as ", type.ToString(), " Field '", wanted.name, "'");
      } else {
        scan->columns.push_back({column_id, type});
        scan->names.push_back(column->name);
        if (IsPartitionedBy(part, column->name)) scan->partition_columns.insert(column_id);
      }
      project->columns.push_back({column_id, type});
      input.outputs.push_back(column_id);
    }
    const ColumnId own_suffix = NewColumn();
    project->columns.push_back({own_suffix, TypeKind::kString});
    project->computed.push_back(
        {own_suffix, std::make_unique<ResolvedLiteral>(Value::String(part.id.table.substr(prefix.size())))});
    input.outputs.push_back(own_suffix);
    scan->table = part;
    scan->needs_partition_filter = part.require_partition_filter;
    project->input = std::move(scan);
    input.scan = std::move(project);
    all->inputs.push_back(std::move(input));
  }
  if (table.alias) AddVariable(from.names, table.alias->text);
  from.scan = std::move(all);
  return from;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeConstantTable(const TableReference& table,
                                                                    size_t schema_index) {
  const std::vector<Identifier>& names = table.path.names;
  if (schema_index + 2 != names.size()) {
    return Unsupported(table.position, "this name of an INFORMATION_SCHEMA view");
  }
  InformationSchemaName name;
  name.project = schema_index == 2 ? names[0].text : options_.project;
  if (schema_index > 0) {
    const std::string& qualifier = names[schema_index - 1].text;
    if (const std::string region = RegionOf(qualifier); !region.empty()) {
      name.region = region;
    } else {
      name.dataset = qualifier;
    }
  } else if (options_.default_dataset) {
    name.dataset = options_.default_dataset->dataset;
  }
  name.view = absl::AsciiStrToUpper(names.back().text);
  BQCDC_ASSIGN_OR_RETURN(std::optional<ConstantTable> found, tables_.FindInformationSchema(name));
  if (!found) {
    return Unsupported(table.position, name.region ? "region-qualified " : "",
                       name.dataset || name.region ? "" : "unqualified ", "INFORMATION_SCHEMA.", name.view);
  }
  FromResult from;
  auto scan = std::make_unique<ValuesScan>();
  for (const StructField& column : found->columns) {
    const ColumnId id = NewColumn();
    scan->columns.push_back({id, column.type});
    from.names.columns.push_back({column.name, id, column.type});
  }
  scan->rows = std::move(found->rows);
  AddVariable(from.names, table.alias ? table.alias->text : names.back().text);
  from.scan = std::move(scan);
  return from;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeUnnest(const Expression* array,
                                                             const TableReference* path,
                                                             const TableExpression& node,
                                                             const std::optional<WithOffset>& with_offset,
                                                             const Scope* outer, FromResult* left,
                                                             ResolvedJoinType join) {
  auto scan = std::make_unique<UnnestScan>();
  const Scope left_scope{left != nullptr ? &left->names : nullptr, outer};
  Context context;
  context.scope = left != nullptr ? &left_scope : outer;
  context.clause = "FROM clause";
  std::string name;
  if (path != nullptr) {
    PathExpression expression;
    expression.names = path->path.names;
    expression.position = path->position;
    BQCDC_ASSIGN_OR_RETURN(scan->array, AnalyzePath(expression, context));
    name = path->path.names.back().text;
  } else {
    BQCDC_ASSIGN_OR_RETURN(scan->array, Analyze(*array, context));
  }
  if (!scan->array->type.is_array()) {
    return ErrorAt(node.position,
                   "Values referenced in UNNEST must be arrays. UNNEST contains expression of type ",
                   scan->array->type.ToString());
  }
  if (node.alias) name = node.alias->text;
  scan->element = NewColumn();
  const Type type = scan->array->type.element();
  FromResult from;
  if (left != nullptr) {
    from.names = std::move(left->names);
    scan->columns = left->scan->columns;
    scan->input = std::move(left->scan);
    scan->outer = join == ResolvedJoinType::kLeft;
  }
  NamedColumn value{name, scan->element, type};
  RangeVariable variable;
  variable.name = name;
  variable.columns = ColumnsOfValue(value);
  variable.value = value;
  scan->columns.push_back({scan->element, type});
  NameList names;
  names.columns = variable.columns;
  if (!name.empty()) names.variables.push_back(std::move(variable));
  if (with_offset) {
    scan->offset = NewColumn();
    scan->columns.push_back({*scan->offset, TypeKind::kInt64});
    NamedColumn offset{with_offset->alias ? with_offset->alias->text : "offset", *scan->offset,
                       TypeKind::kInt64};
    names.columns.push_back(offset);
    names.variables.push_back({offset.name, {offset}, offset});
  }
  AppendNames(from.names, std::move(names));
  from.scan = std::move(scan);
  return from;
}

}  // namespace bqcdc::emulator::sql
