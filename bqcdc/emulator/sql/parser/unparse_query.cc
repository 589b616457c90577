// Queries and SELECT.

#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

std::string_view TextOf(SetOperator op) {
  switch (op) {
    case SetOperator::kUnion:
      return "UNION";
    case SetOperator::kIntersect:
      return "INTERSECT";
    case SetOperator::kExcept:
      return "EXCEPT";
  }
  return "";
}

std::string_view ModeOf(const MatchByName& match) {
  if (match.matching == NameMatching::kLeft) return "LEFT ";
  if (match.matching == NameMatching::kFull) return "FULL ";
  return match.matching == NameMatching::kInner && !match.corresponding ? "INNER " : "";
}

}  // namespace

void Unparser::Write(const Query& query) {
  if (!query.with.empty()) {
    Add(query.recursive ? "WITH RECURSIVE " : "WITH ");
    Join(query.with, [&](const WithEntry& entry) {
      WriteName(entry.name);
      Add(" AS (");
      Write(*entry.query);
      Add(")");
    });
    Add(" ");
  }
  Write(*query.body);
  if (!query.order_by.empty()) Add(" ");
  WriteOrderBy(query.order_by);
  WriteOptional(" LIMIT ", query.limit);
  WriteOptional(" OFFSET ", query.offset);
}

void Unparser::Write(const QueryExpression& query) {
  switch (query.kind) {
    case QueryExpressionKind::kSelect:
      return WriteSelect(As<Select>(query));
    case QueryExpressionKind::kSetOperation:
      return WriteSetOperation(As<SetOperation>(query));
    case QueryExpressionKind::kNested:
      Add("(");
      Write(*As<NestedQuery>(query).query);
      return Add(")");
  }
}

void Unparser::WriteSetOperation(const SetOperation& operation) {
  std::string separator = " ";
  if (operation.by_name) separator += ModeOf(*operation.by_name);
  separator += TextOf(operation.op);
  separator += operation.distinct ? " DISTINCT " : " ALL ";
  if (operation.by_name) {
    const MatchByName& match = *operation.by_name;
    if (match.corresponding && match.matching == NameMatching::kStrict) separator += "STRICT ";
    separator += match.corresponding ? "CORRESPONDING " : "BY NAME ";
    if (!match.columns.empty()) {
      separator += match.corresponding ? "BY (" : "ON (";
      for (const Identifier& column : match.columns) {
        if (!separator.ends_with('(')) separator += ", ";
        separator += QuoteIdentifier(column.text);
      }
      separator += ") ";
    }
  }
  Join(
      operation.inputs, [&](const QueryExpressionPtr& input) { Write(*input); }, separator);
}

void Unparser::WriteSelect(const Select& select) {
  Add(select.distinct ? "SELECT DISTINCT " : "SELECT ");
  if (select.as == SelectAs::kStruct) Add("AS STRUCT ");
  if (select.as == SelectAs::kValue) Add("AS VALUE ");
  if (select.as == SelectAs::kTypeName) {
    Add("AS ");
    WritePath(select.as_type);
    Add(" ");
  }
  Join(select.items, [&](const SelectItem& item) { WriteSelectItem(item); });
  if (select.from != nullptr) {
    Add(" FROM ");
    Write(*select.from);
  }
  WriteOptional(" WHERE ", select.where);
  if (select.group_by) {
    Add(" GROUP BY ");
    if (select.group_by->all) Add("ALL");
    Join(select.group_by->items, [&](const GroupingItem& item) { WriteGroupingItem(item); });
  }
  WriteOptional(" HAVING ", select.having);
  WriteOptional(" QUALIFY ", select.qualify);
  if (select.windows.empty()) return;
  Add(" WINDOW ");
  Join(select.windows, [&](const NamedWindow& window) {
    WriteName(window.name);
    Add(" AS ");
    WriteWindow(window.window);
  });
}

void Unparser::WriteSelectItem(const SelectItem& item) {
  if (item.expression != nullptr) {
    // A name and a field of it read alike, so only operators need care here.
    if (item.kind == SelectItemKind::kQualifiedStar) {
      WritePrimary(*item.expression);
    } else {
      Write(*item.expression);
    }
  }
  if (item.kind == SelectItemKind::kStar) Add("*");
  if (item.kind == SelectItemKind::kQualifiedStar) Add(".*");
  if (!item.except.empty()) {
    Add(" EXCEPT ");
    WriteNames(item.except);
  }
  if (!item.replace.empty()) {
    Add(" REPLACE (");
    Join(item.replace, [&](const StarReplacement& replacement) {
      Write(*replacement.expression);
      WriteAlias(replacement.name);
    });
    Add(")");
  }
  WriteAlias(item.alias);
}

void Unparser::WriteGroupingItem(const GroupingItem& item) {
  switch (item.kind) {
    case GroupingItemKind::kEmpty:
      return Add("()");
    case GroupingItemKind::kExpression:
      WriteList(item.expressions);
      return WriteAlias(item.alias);
    case GroupingItemKind::kRollup:
      Add("ROLLUP(");
      break;
    case GroupingItemKind::kCube:
      Add("CUBE(");
      break;
    case GroupingItemKind::kGroupingSets:
      Add("GROUPING SETS(");
      break;
  }
  WriteList(item.expressions);
  Join(item.items, [&](const GroupingItem& set) { WriteGroupingItem(set); });
  Add(")");
}

std::string Unparse(const Query& query, const UnparseOptions& options) {
  Unparser unparser(options);
  unparser.Write(query);
  return unparser.TakeText();
}

}  // namespace bqcdc::emulator::sql
