#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

std::string ListOf(const std::vector<ScanColumn>& columns) {
  std::string list;
  for (const ScanColumn& column : columns)
    base::StrAppend(&list, list.empty() ? "" : ", ", ColumnName(column.id));
  return list.empty() ? "0 AS z" : list;
}

std::string OrAll(const std::string& list, const ResolvedScan& scan) {
  return list.empty() ? ListOf(scan.columns) : list;
}

std::string SortKeys(const SortScan& sort) {
  std::string keys;
  for (const SortItem& item : sort.items) {
    Type type;
    for (const ScanColumn& column : sort.columns) {
      if (column.id == item.id) type = column.type;
    }
    base::StrAppend(&keys, keys.empty() ? "" : ", ",
                    SortKey(ColumnName(item.id), type, item.descending, item.nulls_first));
  }
  return keys;
}

// The sort that gives a query its order; null where there is none.
const SortScan* OrderOf(const ResolvedScan& scan) {
  switch (scan.kind) {
    case ScanKind::kSort:
      return static_cast<const SortScan*>(&scan);
    case ScanKind::kLimit:
      return OrderOf(*static_cast<const LimitScan&>(scan).input);
    case ScanKind::kWith:
      return OrderOf(*static_cast<const WithScan&>(scan).body);
    default:
      return nullptr;
  }
}

std::string LimitText(const LimitScan& limit) {
  std::string text;
  if (limit.limit) base::StrAppend(&text, " LIMIT ", *limit.limit);
  if (limit.offset > 0) base::StrAppend(&text, " OFFSET ", limit.offset);
  return text;
}

// https://cloud.google.com/bigquery/quotas#query_jobs: iterations of a recursive common table expression.
constexpr int kIterationsMax = 500;

std::string IterationBound(const std::string& iteration) {
  return base::StrCat(
      " WHERE CASE WHEN ", iteration, " >= ", kIterationsMax, " THEN CAST(",
      RaiseText(base::StrCat(
          "'A recursive CTE has reached the maximum number of iterations: ", kIterationsMax, ".'")),
      " AS BOOLEAN) ELSE TRUE END");
}

}  // namespace

std::string SortKey(const std::string& value, const Type& type, bool descending, bool nulls_first) {
  const std::string direction =
      base::StrCat(descending ? " DESC" : " ASC", nulls_first ? " NULLS FIRST" : " NULLS LAST");
  if (!type.is(TypeKind::kFloat64)) return value + direction;
  return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL WHEN isnan(", value, ") THEN 0 ELSE 1 END",
                      direction, ", ", value, direction);
}

absl::StatusOr<std::string> Generator::Relation(const ResolvedScan& scan) {
  BQCDC_ASSIGN_OR_RETURN(const std::string text, Scan(scan, ""));
  return base::StrCat("(", text, ")");
}

absl::StatusOr<std::string> Generator::Scan(const ResolvedScan& scan, const std::string& list) {
  switch (scan.kind) {
    case ScanKind::kSingleRow:
      return base::StrCat("SELECT ", OrAll(list, scan));
    case ScanKind::kTable:
      return Table(static_cast<const TableScan&>(scan), list);
    case ScanKind::kValues: {
      const auto& values = static_cast<const ValuesScan&>(scan);
      std::string rows;
      std::string names;
      for (const ScanColumn& column : scan.columns) {
        base::StrAppend(&names, names.empty() ? "" : ", ", ColumnName(column.id));
      }
      for (const std::vector<Value>& row : values.rows) {
        std::string cells;
        for (const Value& cell : row) base::StrAppend(&cells, cells.empty() ? "(" : ", ", Literal(cell));
        base::StrAppend(&rows, rows.empty() ? "" : ", ", cells, ")");
      }
      std::string filter;
      if (values.rows.empty()) {
        for (const ScanColumn& column : scan.columns) {
          base::StrAppend(&rows, rows.empty() ? "(" : ", ", Literal(Value::Null(column.type)));
        }
        rows += ")";
        filter = " WHERE FALSE";
      }
      given_bytes_ += rows.size();
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM (VALUES ", rows, ") AS v(", names, ")",
                          filter);
    }
    case ScanKind::kProject:
      return Project(static_cast<const ProjectScan&>(scan), list);
    case ScanKind::kFilter: {
      const auto& filter = static_cast<const FilterScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*filter.input));
      BQCDC_ASSIGN_OR_RETURN(const std::string predicate, Expression(*filter.predicate));
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM ", input, " AS t WHERE ", predicate);
    }
    case ScanKind::kJoin:
      return Join(static_cast<const JoinScan&>(scan), list);
    case ScanKind::kUnnest:
      return Unnest(static_cast<const UnnestScan&>(scan), list);
    case ScanKind::kAggregate:
      return Aggregate(static_cast<const AggregateScan&>(scan), list);
    case ScanKind::kWindow:
      return Window(static_cast<const WindowScan&>(scan), list);
    case ScanKind::kDistinct: {
      BQCDC_ASSIGN_OR_RETURN(const std::string input,
                             Scan(*static_cast<const DistinctScan&>(scan).input, ListOf(scan.columns)));
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM (SELECT DISTINCT * FROM (", input,
                          ") AS d) AS t");
    }
    case ScanKind::kSetOperation:
      return SetOperation(static_cast<const SetOperationScan&>(scan), list);
    case ScanKind::kSort: {
      const auto& sort = static_cast<const SortScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*sort.input));
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM ", input, " AS t ORDER BY ", SortKeys(sort));
    }
    case ScanKind::kLimit: {
      const auto& limit = static_cast<const LimitScan&>(scan);
      if (limit.input->kind == ScanKind::kSort) {
        // One SELECT, so that the order is the order of what is cut off.
        BQCDC_ASSIGN_OR_RETURN(const std::string input, Scan(*limit.input, OrAll(list, scan)));
        return input + LimitText(limit);
      }
      BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*limit.input));
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM ", input, " AS t", LimitText(limit));
    }
    case ScanKind::kWith:
      return With(static_cast<const WithScan&>(scan), list);
    case ScanKind::kWithReference: {
      const auto& reference = static_cast<const WithReferenceScan&>(scan);
      std::string names;
      for (size_t i = 0; i < reference.sources.size(); ++i) {
        base::StrAppend(&names, names.empty() ? "" : ", ", ColumnName(reference.sources[i]), " AS ",
                        ColumnName(reference.columns[i].id));
      }
      const std::string bound =
          reference.recursive ? IterationBound(ColumnName(reference.sources.back())) : "";
      return base::StrCat("SELECT ", OrAll(list, scan), " FROM (SELECT ", names, " FROM ", reference.name,
                          bound, ") AS t");
    }
  }
  return Unsupported({}, "this query");
}

absl::StatusOr<std::string> Generator::Table(const TableScan& scan, const std::string& list) {
  BQCDC_ASSIGN_OR_RETURN(const std::string relation, scan.row_number
                                                         ? relations_.NumberedRelationSql(scan.table)
                                                         : relations_.RelationSql(scan.table));
  std::string names;
  if (scan.row_number) names = "\"$row\" AS " + ColumnName(*scan.row_number);
  for (size_t i = 0; i < scan.names.size(); ++i) {
    base::StrAppend(&names, names.empty() ? "" : ", ", QuoteDuckDbName(scan.names[i]), " AS ",
                    ColumnName(scan.columns[i].id));
  }
  const std::string inner =
      base::StrCat("SELECT ", names.empty() ? "0 AS z" : names, " FROM ", relation, " AS r");
  given_bytes_ += inner.size();
  return list.empty() ? inner : base::StrCat("SELECT ", list, " FROM (", inner, ") AS t");
}

absl::StatusOr<std::string> Generator::Project(const ProjectScan& scan, const std::string& list) {
  std::string made;
  for (const ScanColumn& column : scan.columns) {
    const ResolvedExpression* expression = nullptr;
    for (const ComputedColumn& computed : scan.computed) {
      if (computed.id == column.id) expression = computed.expression.get();
    }
    base::StrAppend(&made, made.empty() ? "" : ", ");
    if (expression != nullptr) {
      BQCDC_ASSIGN_OR_RETURN(const std::string text, Expression(*expression));
      base::StrAppend(&made, text, " AS ");
    }
    base::StrAppend(&made, ColumnName(column.id));
  }
  if (made.empty()) made = "0 AS z";
  std::string inner = "SELECT " + made;
  if (scan.input->kind != ScanKind::kSingleRow) {
    BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*scan.input));
    base::StrAppend(&inner, " FROM ", input, " AS t");
  }
  return list.empty() ? inner : base::StrCat("SELECT ", list, " FROM (", inner, ") AS t");
}

absl::StatusOr<std::string> Generator::Join(const JoinScan& scan, const std::string& list) {
  static constexpr const char* kWords[] = {" CROSS JOIN ", " INNER JOIN ", " LEFT JOIN ", " RIGHT JOIN ",
                                           " FULL JOIN "};
  BQCDC_ASSIGN_OR_RETURN(const std::string left, Relation(*scan.left));
  BQCDC_ASSIGN_OR_RETURN(const std::string right, Relation(*scan.right));
  std::string text = base::StrCat("SELECT ", OrAll(list, scan), " FROM ", left, " AS l",
                                  kWords[static_cast<int>(scan.type)], right, " AS r");
  if (scan.condition) {
    BQCDC_ASSIGN_OR_RETURN(const std::string condition, Expression(*scan.condition));
    base::StrAppend(&text, scan.type == ResolvedJoinType::kCross ? " WHERE " : " ON ", condition);
  }
  return text;
}

absl::StatusOr<std::string> Generator::Unnest(const UnnestScan& scan, const std::string& list) {
  BQCDC_ASSIGN_OR_RETURN(const std::string array, Expression(*scan.array));
  std::string made = base::StrCat("unnest(", array, ") AS ", ColumnName(scan.element));
  if (scan.offset) {
    base::StrAppend(&made, ", unnest(range(len(", array, "))) AS ", ColumnName(*scan.offset));
  }
  if (!scan.input) return base::StrCat("SELECT ", OrAll(list, scan), " FROM (SELECT ", made, ") AS t");
  BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*scan.input));
  const std::string from = base::StrCat("SELECT ", OrAll(list, scan), " FROM ", input, " AS l ");
  std::string condition;
  if (scan.condition) {
    BQCDC_ASSIGN_OR_RETURN(condition, Expression(*scan.condition));
  }
  if (!scan.outer) {
    return base::StrCat(from, "CROSS JOIN LATERAL (SELECT ", made, ") AS r",
                        condition.empty() ? "" : " WHERE ", condition);
  }
  // A condition inside, since DuckDB cannot plan an ON that has no column of the array.
  if (!condition.empty()) made = base::StrCat("* FROM (SELECT ", made, ") AS u WHERE ", condition);
  return base::StrCat(from, "LEFT JOIN LATERAL (SELECT ", made, ") AS r ON TRUE");
}

absl::StatusOr<std::string> Generator::SetOperation(const SetOperationScan& scan, const std::string& list) {
  static constexpr const char* kWords[] = {" UNION", " INTERSECT", " EXCEPT"};
  std::string names;
  for (const ScanColumn& column : scan.columns) {
    base::StrAppend(&names, names.empty() ? "" : ", ", ColumnName(column.id));
  }
  std::string text;
  for (const SetOperationScan::Input& input : scan.inputs) {
    std::string outputs;
    for (const ColumnId id : input.outputs) {
      base::StrAppend(&outputs, outputs.empty() ? "" : ", ", ColumnName(id));
    }
    BQCDC_ASSIGN_OR_RETURN(const std::string part, Scan(*input.scan, outputs));
    if (!text.empty())
      base::StrAppend(&text, kWords[static_cast<int>(scan.op)], scan.distinct ? " " : " ALL ");
    base::StrAppend(&text, "SELECT * FROM (", part, ") AS s");
  }
  return base::StrCat("SELECT ", OrAll(list, scan), " FROM (", text, ") AS u(", names, ")");
}

absl::StatusOr<std::string> Generator::With(const WithScan& scan, const std::string& list) {
  std::string text;
  bool recursive = false;
  for (const WithScan::Entry& entry : scan.entries) {
    BQCDC_ASSIGN_OR_RETURN(std::string query, Scan(*entry.scan, ListOf(entry.outputs)));
    base::StrAppend(&text, text.empty() ? "" : ", ", entry.name);
    if (entry.recursion) {
      recursive = true;
      BQCDC_ASSIGN_OR_RETURN(query, Recursion(entry, query));
    } else {
      query = base::StrCat(" AS (", query, ")");
    }
    text += query;
  }
  BQCDC_ASSIGN_OR_RETURN(std::string body, Scan(*scan.body, OrAll(list, scan)));
  if (scan.body->kind == ScanKind::kWith) body = base::StrCat("SELECT * FROM (", body, ") AS b");
  return base::StrCat(recursive ? "WITH RECURSIVE " : "WITH ", text, " ", body);
}

// What stands behind the entry's name; the columns are those of `base` and the iteration. MATERIALIZED, so
// that it comes to its end, or to the bound, whatever is read of it: behind a LIMIT DuckDB would stop early.
absl::StatusOr<std::string> Generator::Recursion(const WithScan::Entry& entry, const std::string& base) {
  const WithScan::Recursion& recursion = *entry.recursion;
  const std::string columns = ListOf(entry.outputs);
  const std::string iteration = ColumnName(recursion.iteration);
  std::string outputs, known;
  for (size_t i = 0; i < recursion.outputs.size(); ++i) {
    const std::string made = ColumnName(recursion.outputs[i]);
    base::StrAppend(&outputs, outputs.empty() ? "" : ", ", made);
    base::StrAppend(&known, known.empty() ? "" : " AND ", "k.", ColumnName(entry.outputs[i].id),
                    " IS NOT DISTINCT FROM r.", made);
  }
  BQCDC_ASSIGN_OR_RETURN(
      const std::string term,
      Scan(*recursion.term, base::StrCat(outputs, ", ", ColumnName(recursion.term_iteration))));
  const std::string begin = base::StrCat("(", columns, ", ", iteration, ")");
  const std::string step = base::StrCat("SELECT ", outputs, ", r.", ColumnName(recursion.term_iteration),
                                        " + 1 FROM (", term, ") AS r");
  if (!recursion.distinct) {
    return base::StrCat(begin, " AS MATERIALIZED (SELECT *, 0 FROM (", base, ") AS b UNION ALL ", step, ")");
  }
  // Rows are the same in whatever iteration they come; one that is known goes round no more.
  return base::StrCat(begin, " USING KEY (", columns, ") AS MATERIALIZED (SELECT DISTINCT *, 0 FROM (", base,
                      ") AS b UNION ", step, " WHERE NOT EXISTS (SELECT 1 FROM recurring.", entry.name,
                      " AS k WHERE ", known, "))");
}

absl::StatusOr<std::string> Generator::ArraySubquery(const ResolvedSubquery& subquery) {
  const SortScan* order = OrderOf(*subquery.query);
  const std::string output = ColumnName(subquery.output);
  std::string columns = output;
  std::string keys;
  if (order != nullptr) {
    for (const SortItem& item : order->items) {
      if (item.id != subquery.output) base::StrAppend(&columns, ", ", ColumnName(item.id));
    }
    keys = " ORDER BY " + SortKeys(*order);
  }
  BQCDC_ASSIGN_OR_RETURN(const std::string query, Scan(*subquery.query, columns));
  return base::StrCat("coalesce((SELECT list(", output, keys, ") FROM (", query, ") AS a), CAST([] AS ",
                      DuckDbType(subquery.type), "))");
}

}  // namespace bqcdc::emulator::sql
