#include <algorithm>
#include <iterator>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/functions/function_table.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

// For a window over all rows in no order. DuckDB 1.4 shares it out in tasks and counts rows to know when all
// have ended, so that a task without any (no changes wait, no row passes a filter) may come too late: the
// query fails, and the whole database with it (github.com/duckdb/duckdb/issues/22846). Partitioned and sorted
// rows have no empty tasks.
constexpr const char* kOnePartition = "PARTITION BY NULL";

// What every raw call of an aggregate carries.
struct Modifiers {
  std::string distinct;  // "DISTINCT " or nothing
  std::string order;     // " ORDER BY ..." or nothing
  std::string over;      // " OVER (...)" or nothing
  std::string nulls;     // " IGNORE NULLS" or nothing
};

// One raw call: NAME([DISTINCT] arguments [ORDER BY]) [FILTER (WHERE condition)] [OVER].
std::string Raw(std::string_view name, const std::string& arguments, const Modifiers& m,
                const std::string& filter = "") {
  return base::StrCat(name, "(", m.distinct, arguments, m.order, ")",
                      filter.empty() ? "" : base::StrCat(" FILTER (WHERE ", filter, ")"), m.over);
}

// A form with raw calls in brackets.
std::string FillBrackets(const std::string& form, const std::vector<std::string>& arguments,
                         const Modifiers& m) {
  std::string expanded;
  for (const char c : form) {
    if (c == '[') continue;
    if (c == ']') {
      expanded += m.over;
    } else if (c == '#') {
      expanded += m.distinct;
    } else if (c == '%') {
      expanded += m.nulls;
    } else {
      expanded += c;
    }
  }
  return FillForm(expanded, arguments, false);
}

std::string MinMax(const std::string& name, const std::string& value, const Type& type, const Modifiers& m) {
  if (!type.is(TypeKind::kFloat64)) return Raw(name, value, m);
  Modifiers plain = m;
  plain.distinct.clear();
  return base::StrCat("CASE WHEN ", Raw("bool_or", base::StrCat("isnan(", value, ")"), plain),
                      " THEN 'nan'::DOUBLE ELSE ", Raw(name, value, plain), " END");
}

// DuckDB refuses infinite values and takes one value for itself; the service makes NaN of both.
std::string Deviation(const std::string& name, const std::string& value, const Modifiers& m) {
  Modifiers plain = m;
  plain.distinct.clear();
  const std::string least = name == "stddev_samp" || name == "var_samp" ? "1" : "0";
  return base::StrCat(
      "CASE WHEN ", Raw("count", value, m), " > ", least, " AND ",
      Raw("bool_or", base::StrCat("NOT isfinite(", value, ")"), plain), " THEN 'nan'::DOUBLE ELSE ",
      Raw(name, base::StrCat("CASE WHEN isfinite(", value, ") THEN ", value, " END"), m), " END");
}

// Linear interpolation between the two values around the fraction, NULLs left out: the same definition where
// all values are finite; NaN and infinity are sorted and weighed otherwise.
std::string PercentileCont(const std::string& value, const std::string& fraction, const Modifiers& m) {
  return base::StrCat("CASE WHEN ", Raw("bool_or", base::StrCat("NOT isfinite(", value, ")"), m), " THEN ",
                      RaiseText("'Not supported by this server: PERCENTILE_CONT over NaN or infinity'"),
                      " ELSE ", Raw("quantile_cont", base::StrCat(value, ", ", fraction), m), " END");
}

// An infinite result of finite values is an overflow.
std::string SumFloat64(const std::string& value, const Modifiers& m, const std::string& name,
                       const std::string& message) {
  Modifiers plain = m;
  plain.distinct.clear();
  const std::string result = Raw(name, value, m);
  return base::StrCat("CASE WHEN isinf(", result, ") AND NOT ",
                      Raw("bool_or", base::StrCat("NOT isfinite(", value, ")"), plain), " THEN ",
                      RaiseText(message), " ELSE ", result, " END");
}

std::string NumericPartSums(const std::string& value, const Modifiers& m) {
  return base::StrCat(Raw("sum", base::StrCat("bq_numeric_high_part(", value, ")"), m), ", ",
                      Raw("sum", base::StrCat("bq_numeric_low_part(", value, ")"), m));
}

// DuckDB adds NUMERICs up in 128 bits, which is not enough for a few large ones. Parts of them it is for,
// unless the values have to be distinct ones: parts of these may be equal.
std::string SumNumeric(const std::string& value, const Modifiers& m) {
  if (!m.distinct.empty()) return base::StrCat("bq_sum_numeric(", Raw("list", value, m), ")");
  return base::StrCat("bq_sum_numeric_parts(", NumericPartSums(value, m), ")");
}

std::string AvgNumeric(const std::string& value, const Modifiers& m) {
  if (!m.distinct.empty()) return base::StrCat("bq_avg_numeric(", Raw("list", value, m), ")");
  return base::StrCat("bq_avg_numeric_parts(", NumericPartSums(value, m), ", ", Raw("count", value, m), ")");
}

bool IsByDistance(const ResolvedWindow& window) {
  return window.unit == ResolvedFrameUnit::kRange && (window.start.offset || window.end.offset);
}

// A key that RANGE adds offsets to. INT64 gets room, so that no sum overflows.
std::string DistanceKey(const std::string& value, const Type& type) {
  return type.is(TypeKind::kInt64) ? base::StrCat("CAST(", value, " AS HUGEINT)") : value;
}

}  // namespace

absl::StatusOr<std::string> Generator::OrderBy(const std::vector<ResolvedOrderItem>& items) {
  std::string keys;
  for (const ResolvedOrderItem& item : items) {
    BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*item.expression));
    base::StrAppend(&keys, keys.empty() ? " ORDER BY " : ", ",
                    SortKey(value, item.expression->type, item.descending, item.nulls_first));
  }
  return keys;
}

absl::StatusOr<std::string> Generator::WindowClause(const ResolvedAggregateCall& call) {
  const ResolvedWindow& window = *call.window;
  std::string text;
  for (const auto& partition : window.partition_by) {
    BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*partition));
    base::StrAppend(&text, text.empty() ? "PARTITION BY " : ", ", value);
  }
  const bool by_distance = IsByDistance(window);
  if (by_distance) {
    const ResolvedOrderItem& item = window.order_by[0];
    BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*item.expression));
    base::StrAppend(&text, " ORDER BY ", DistanceKey(value, item.expression->type),
                    item.descending ? " DESC" : " ASC", item.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  } else {
    BQCDC_ASSIGN_OR_RETURN(const std::string order, OrderBy(window.order_by));
    text += order;
  }
  // ROW_NUMBER numbers rows as they come, without those tasks.
  if (text.empty() && call.signature->name != "ROW_NUMBER") text = kOnePartition;
  if (window.has_frame) {
    const auto bound = [&](const ResolvedFrameBound& from) -> Text {
      static constexpr const char* kWords[] = {"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING",
                                               "UNBOUNDED FOLLOWING"};
      std::string offset;
      if (from.offset) {
        BQCDC_ASSIGN_OR_RETURN(offset, Expression(*from.offset));
        if (by_distance) offset = DistanceKey(offset, from.offset->type);
      }
      return base::StrCat(offset, offset.empty() ? "" : " ", kWords[static_cast<int>(from.kind)]);
    };
    BQCDC_ASSIGN_OR_RETURN(const std::string start, bound(window.start));
    BQCDC_ASSIGN_OR_RETURN(const std::string end, bound(window.end));
    base::StrAppend(&text, window.unit == ResolvedFrameUnit::kRows ? " ROWS" : " RANGE", " BETWEEN ", start,
                    " AND ", end);
  }
  return base::StrCat(" OVER (", text, ")");
}

absl::StatusOr<std::string> Generator::AggregateCall(const ResolvedAggregateCall& call) {
  std::vector<std::string> a;
  for (const auto& argument : call.arguments) {
    BQCDC_ASSIGN_OR_RETURN(std::string text, Expression(*argument));
    a.push_back(std::move(text));
  }
  Modifiers m;
  if (call.distinct) m.distinct = "DISTINCT ";
  if (call.nulls == ResolvedNulls::kIgnore) m.nulls = " IGNORE NULLS";
  if (call.window) {
    BQCDC_ASSIGN_OR_RETURN(m.over, WindowClause(call));
  }
  BQCDC_ASSIGN_OR_RETURN(m.order, OrderBy(call.order_by));
  const std::string& form = call.signature->form;
  if (form[0] != '@') {
    std::string text = FillBrackets(form, a, m);
    // DuckDB counts rows as the end of the frame less its start, also where the end comes first.
    const bool counts = a.empty() && call.signature->name == "COUNT";
    return counts && call.window && IsByDistance(*call.window) ? base::StrCat("greatest(", text, ", 0)")
                                                               : text;
  }
  const Type type = call.arguments[0]->type;
  const auto cut = [&](const std::string& list) {
    return call.limit ? base::StrCat("list_slice(", list, ", 1, ", *call.limit, ")") : list;
  };
  const std::string present = base::StrCat(a[0], " IS NOT NULL");
  if (form == "@min") return MinMax("min", a[0], type, m);
  if (form == "@max") return MinMax("max", a[0], type, m);
  if (form == "@sum_float64") return SumFloat64(a[0], m, "sum", "'double overflow'");
  if (form == "@sum_numeric") return SumNumeric(a[0], m);
  if (form == "@avg_numeric") return AvgNumeric(a[0], m);
  if (form == "@avg_float64") {
    return SumFloat64(a[0], m, "avg", "'Not supported by this server: AVG whose sum overflows FLOAT64'");
  }
  if (form == "@percentile_cont") return PercentileCont(a[0], a[1], m);
  static constexpr std::string_view kDeviations[] = {"@stddev_samp", "@stddev_pop", "@var_samp", "@var_pop"};
  if (std::find(std::begin(kDeviations), std::end(kDeviations), form) != std::end(kDeviations)) {
    return Deviation(form.substr(1), a[0], m);
  }
  // Of no elements the service makes NULL, not an empty list or text.
  if (call.limit == 0 && form != "@max_by" && form != "@min_by") {
    Modifiers plain;
    plain.over = m.over;
    return Raw("any_value", base::StrCat("CAST(NULL AS ", DuckDbType(call.type), ")"), plain);
  }
  if (form == "@array_agg") {
    return cut(Raw("list", a[0], m, call.nulls == ResolvedNulls::kIgnore ? present : ""));
  }
  if (form == "@array_concat_agg") {
    if (call.distinct) return Unsupported(call.position, "DISTINCT in ARRAY_CONCAT_AGG");
    return base::StrCat("flatten(", cut(Raw("list", a[0], m, present)), ")");
  }
  if (form == "@string_agg") {
    const bool bytes = call.type.is(TypeKind::kBytes);
    const std::string separator =
        a.size() < 2
            ? base::StrCat("','", bytes ? "::BLOB" : "")
            : base::StrCat("coalesce(", a[1], ", ", RaiseText("'Illegal NULL separator in STRING_AGG'"), ")");
    return base::StrCat(bytes ? "bq_array_to_string_bytes(" : "bq_array_to_string(",
                        cut(Raw("list", a[0], m, present)), ", ", separator, ", NULL)");
  }
  if (form == "@max_by" || form == "@min_by") {
    if (call.distinct) return Unsupported(call.position, "DISTINCT in ", call.signature->name);
    const std::string picked =
        Raw(form == "@max_by" ? "arg_max_null" : "arg_min_null", base::StrCat(a[0], ", ", a[1]), m);
    // NULLs do not count, unless there are no others: then any row will do.
    const std::string result = base::StrCat("WHEN ", Raw("count", a[1], m), " > 0 THEN ", picked, " ELSE ",
                                            Raw("any_value", a[0], m), " END");
    if (!call.arguments[1]->type.is(TypeKind::kFloat64)) return base::StrCat("CASE ", result);
    const std::string raise =
        RaiseText(base::StrCat("'Not supported by this server: ", call.signature->name, " over NaN'"));
    return base::StrCat("CASE WHEN ", Raw("bool_or", base::StrCat("isnan(", a[1], ")"), m), " THEN ", raise,
                        " ", result);
  }
  return Unsupported(call.position, "function ", call.signature->name);
}

absl::StatusOr<std::string> Generator::Aggregate(const AggregateScan& scan, const std::string& list) {
  std::string input_list;
  for (const ScanColumn& column : scan.input->columns) {
    base::StrAppend(&input_list, input_list.empty() ? "" : ", ", ColumnName(column.id));
  }
  std::string made;
  std::string group_names;
  for (const ComputedColumn& group : scan.groups) {
    const std::string name = ColumnName(group.id);
    BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*group.expression));
    base::StrAppend(&input_list, input_list.empty() ? "" : ", ", value, " AS ", name);
    base::StrAppend(&made, made.empty() ? "" : ", ", name);
    base::StrAppend(&group_names, group_names.empty() ? "" : ", ", name);
  }
  for (const AggregateColumn& aggregate : scan.aggregates) {
    BQCDC_ASSIGN_OR_RETURN(const std::string value, AggregateCall(*aggregate.call));
    base::StrAppend(&made, made.empty() ? "" : ", ", value, " AS ", ColumnName(aggregate.id));
  }
  for (const auto& [id, group] : scan.grouping_calls) {
    base::StrAppend(&made, made.empty() ? "" : ", ", "CAST(grouping(", ColumnName(scan.groups[group].id),
                    ") AS BIGINT) AS ", ColumnName(id));
  }
  if (input_list.empty()) input_list = "0 AS z";
  BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*scan.input));
  std::string text = base::StrCat("SELECT ", made.empty() ? "count(*) AS z" : made, " FROM (SELECT ",
                                  input_list, " FROM ", input, " AS t) AS g");
  if (!scan.grouping_sets.empty()) {
    std::string sets;
    for (const std::vector<int>& set : scan.grouping_sets) {
      std::string names;
      for (const int index : set) {
        base::StrAppend(&names, names.empty() ? "" : ", ", ColumnName(scan.groups[index].id));
      }
      base::StrAppend(&sets, sets.empty() ? "(" : ", (", names, ")");
    }
    base::StrAppend(&text, " GROUP BY GROUPING SETS (", sets, ")");
  } else if (!group_names.empty()) {
    base::StrAppend(&text, " GROUP BY ", group_names);
  }
  return list.empty() ? text : base::StrCat("SELECT ", list, " FROM (", text, ") AS t");
}

absl::StatusOr<std::string> Generator::Window(const WindowScan& scan, const std::string& list) {
  std::string made;
  for (const ScanColumn& column : scan.input->columns) {
    base::StrAppend(&made, made.empty() ? "" : ", ", ColumnName(column.id));
  }
  for (const AggregateColumn& call : scan.calls) {
    BQCDC_ASSIGN_OR_RETURN(const std::string value, AggregateCall(*call.call));
    base::StrAppend(&made, made.empty() ? "" : ", ", value, " AS ", ColumnName(call.id));
  }
  BQCDC_ASSIGN_OR_RETURN(const std::string input, Relation(*scan.input));
  const std::string text = base::StrCat("SELECT ", made, " FROM ", input, " AS t");
  return list.empty() ? text : base::StrCat("SELECT ", list, " FROM (", text, ") AS t");
}

}  // namespace bqcdc::emulator::sql
