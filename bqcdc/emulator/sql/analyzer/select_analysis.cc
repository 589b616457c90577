#include <algorithm>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/analyzer/select_state.h"

namespace bqcdc::emulator::sql {
namespace {

// The name that an expression gives its column where there is no alias.
std::string ImplicitName(const Expression& expression) {
  if (const auto* path = TryAs<PathExpression>(expression)) return path->names.back().text;
  if (const auto* access = TryAs<FieldAccess>(expression)) return access->field.text;
  return "";
}

bool NameIn(const std::vector<Identifier>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const Identifier& candidate) {
    return absl::AsciiStrToLower(candidate.text) == absl::AsciiStrToLower(name);
  });
}

}  // namespace

absl::Status Analyzer::ExpandStar(const SelectItem& item, SelectState& state) {
  std::vector<NamedColumn> columns;
  if (item.kind == SelectItemKind::kStar) {
    if (state.select->from == nullptr) return ErrorAt(item.position, "SELECT * must have a FROM clause");
    columns = state.names.columns;
  } else {
    const auto* path = TryAs<PathExpression>(*item.expression);
    const NameMatch match = path != nullptr ? FindName(&state.scope, path->names[0].text) : NameMatch{};
    if (path != nullptr && path->names.size() == 1 && match.kind == NameMatch::Kind::kVariable &&
        !match.variable->value) {
      columns = match.variable->columns;
    } else {
      Context context;
      context.scope = &state.scope;
      context.clause = "dot-star";
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr base, Analyze(*item.expression, context));
      if (!base->type.is_struct()) {
        return ErrorAt(item.position, "Dot-star is not supported for type ", base->type.ToString());
      }
      if (base->kind != ResolvedKind::kColumn)
        return Unsupported(item.position, "dot-star of this expression");
      for (size_t i = 0; i < base->type.fields().size(); ++i) {
        columns.push_back({base->type.fields()[i].name, Resolved<ResolvedColumn>(*base).id, base->type,
                           static_cast<int>(i)});
      }
    }
  }
  for (const Identifier& excluded : item.except) {
    const bool known = std::any_of(columns.begin(), columns.end(), [&](const NamedColumn& column) {
      return absl::AsciiStrToLower(column.name) == absl::AsciiStrToLower(excluded.text);
    });
    if (!known) {
      return ErrorAt(excluded.position, "Column ", excluded.text, " in SELECT * EXCEPT list does not exist");
    }
  }
  for (const StarReplacement& replacement : item.replace) {
    const bool known = std::any_of(columns.begin(), columns.end(), [&](const NamedColumn& column) {
      return absl::AsciiStrToLower(column.name) == absl::AsciiStrToLower(replacement.name.text);
    });
    if (!known) {
      return ErrorAt(replacement.name.position, "Column ", replacement.name.text,
                     " in SELECT * REPLACE list does not exist");
    }
  }
  size_t shown = 0;
  for (const NamedColumn& column : columns) {
    if (column.hidden || NameIn(item.except, column.name)) continue;
    ++shown;
    SelectItemState expanded;
    expanded.name = column.name;
    expanded.star_column = column;
    for (const StarReplacement& replacement : item.replace) {
      if (absl::AsciiStrToLower(replacement.name.text) == absl::AsciiStrToLower(column.name)) {
        expanded.expression = replacement.expression.get();
      }
    }
    state.items.push_back(std::move(expanded));
  }
  if (shown == 0) return ErrorAt(item.position, "SELECT * expands to zero columns after applying EXCEPT");
  return absl::OkStatus();
}

absl::Status Analyzer::ExpandSelectItems(const Select& select, SelectState& state) {
  for (const SelectItem& item : select.items) {
    if (item.kind != SelectItemKind::kExpression) {
      BQCDC_RETURN_IF_ERROR(ExpandStar(item, state));
      continue;
    }
    SelectItemState expanded;
    expanded.expression = item.expression.get();
    expanded.name = item.alias ? item.alias->text : ImplicitName(*item.expression);
    state.items.push_back(std::move(expanded));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Analyzer::AddGroup(const Expression& expression, SelectState& state) {
  int item = -1;
  if (const auto* ordinal = TryAs<IntLiteral>(expression)) {
    const int64_t number = std::atoll(ordinal->text.c_str());
    if (number < 1 || number > static_cast<int64_t>(state.items.size())) {
      return ErrorAt(expression.position, "GROUP BY column number ", number,
                     " is out of range; SELECT list has ", state.items.size(), " columns");
    }
    item = static_cast<int>(number) - 1;
  } else if (const auto* path = TryAs<PathExpression>(expression);
             path != nullptr && path->names.size() == 1) {
    for (size_t i = 0; i < state.items.size(); ++i) {
      if (state.items[i].expression == nullptr || state.items[i].name.empty()) continue;
      if (absl::AsciiStrToLower(state.items[i].name) != absl::AsciiStrToLower(path->names[0].text)) continue;
      if (item >= 0)
        return ErrorAt(expression.position, "Name ", path->names[0].text, " is ambiguous in GROUP BY");
      item = static_cast<int>(i);
    }
  }
  if (item >= 0) return AddGroupOfItem(item, expression.position, state);
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr resolved, AnalyzeGroup(expression, state));
  if (resolved->kind == ResolvedKind::kLiteral) {
    return ErrorAt(expression.position, "Cannot GROUP BY literal values");
  }
  return AddResolvedGroup(std::move(resolved), expression.position, state);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeGroup(const Expression& expression,
                                                             SelectState& state) {
  Context context;
  context.scope = &state.scope;
  context.select = &state;
  context.clause = "GROUP BY clause";
  return Analyze(expression, context);
}

absl::StatusOr<int> Analyzer::AddGroupOfItem(int index, const Position& position, SelectState& state) {
  SelectItemState& item = state.items[index];
  ResolvedExpressionPtr resolved;
  if (item.expression == nullptr) {
    resolved = item.star_column.Reference();
  } else {
    BQCDC_ASSIGN_OR_RETURN(resolved, AnalyzeGroup(*item.expression, state));
  }
  BQCDC_ASSIGN_OR_RETURN(item.group, AddResolvedGroup(std::move(resolved), position, state));
  return item.group;
}

absl::StatusOr<int> Analyzer::AddResolvedGroup(ResolvedExpressionPtr group, const Position& position,
                                               SelectState& state) {
  if (!group->type.SupportsGrouping()) {
    return ErrorAt(position, "Grouping by expressions of type ", group->type.ToString(), " is not allowed");
  }
  const std::string fingerprint = Fingerprint(*group);
  for (size_t i = 0; i < state.groups.size(); ++i) {
    if (state.group_fingerprints[i] == fingerprint) return static_cast<int>(i);
  }
  state.groups.push_back({NewColumn(), std::move(group)});
  state.group_fingerprints.push_back(fingerprint);
  return static_cast<int>(state.groups.size()) - 1;
}

// GROUP BY ALL: by every column of the SELECT list that is made of the FROM clause's columns without an
// aggregate or a window
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#group_by_all).
absl::Status Analyzer::GroupByAll(const GroupByClause& group_by, SelectState& state) {
  const std::set<ColumnId> from = ColumnIdsOf(state.names);
  for (size_t i = 0; i < state.items.size(); ++i) {
    const SelectItemState& item = state.items[i];
    if (item.expression != nullptr) {
      Context context;
      context.scope = &state.scope;
      context.select = &state;
      context.allow_aggregates = context.allow_windows = true;
      context.clause = "SELECT list";
      const size_t aggregates = state.aggregates.size();
      const size_t windows = state.windows.size();
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr probe, Analyze(*item.expression, context));
      const bool computed = state.aggregates.size() > aggregates || state.windows.size() > windows;
      state.aggregates.resize(aggregates);
      state.windows.resize(windows);
      bool of_rows = false;
      WalkExpression(probe, [&](ResolvedExpressionPtr& node) {
        of_rows = of_rows ||
                  (node->kind == ResolvedKind::kColumn && from.contains(Resolved<ResolvedColumn>(*node).id));
        return of_rows;
      });
      if (computed || !of_rows) continue;
    }
    BQCDC_RETURN_IF_ERROR(AddGroupOfItem(static_cast<int>(i), group_by.position, state).status());
  }
  return absl::OkStatus();
}

absl::Status Analyzer::AddGroupingItem(const GroupingItem& item, SelectState& state) {
  const auto tuple = [&](const Expression& expression) -> absl::StatusOr<std::vector<int>> {
    std::vector<int> set;
    if (const auto* row = TryAs<StructConstructor>(expression);
        row != nullptr && row->form == StructForm::kTuple) {
      for (const StructConstructorField& field : row->fields) {
        BQCDC_ASSIGN_OR_RETURN(const int group, AddGroup(*field.value, state));
        set.push_back(group);
      }
      return set;
    }
    BQCDC_ASSIGN_OR_RETURN(const int group, AddGroup(expression, state));
    set.push_back(group);
    return set;
  };
  const auto join = [](const std::vector<std::vector<int>>& parts) {
    std::vector<int> set;
    for (const auto& part : parts) set.insert(set.end(), part.begin(), part.end());
    return set;
  };
  switch (item.kind) {
    case GroupingItemKind::kEmpty:
      state.grouping_sets.push_back({});
      return absl::OkStatus();
    case GroupingItemKind::kExpression: {
      BQCDC_ASSIGN_OR_RETURN(std::vector<int> set, tuple(*item.expressions[0]));
      state.grouping_sets.push_back(std::move(set));
      return absl::OkStatus();
    }
    case GroupingItemKind::kRollup:
    case GroupingItemKind::kCube: {
      std::vector<std::vector<int>> parts;
      for (const ExpressionPtr& expression : item.expressions) {
        BQCDC_ASSIGN_OR_RETURN(std::vector<int> set, tuple(*expression));
        parts.push_back(std::move(set));
      }
      if (item.kind == GroupingItemKind::kRollup) {
        for (size_t count = parts.size() + 1; count-- > 0;) {
          state.grouping_sets.push_back(join({parts.begin(), parts.begin() + count}));
        }
        return absl::OkStatus();
      }
      constexpr size_t kCubeItemsMax = 8;
      if (parts.size() > kCubeItemsMax) return Unsupported(item.position, "CUBE of more than 8 items");
      for (unsigned mask = 1U << parts.size(); mask-- > 0;) {
        std::vector<std::vector<int>> chosen;
        for (size_t i = 0; i < parts.size(); ++i) {
          if ((mask >> (parts.size() - 1 - i)) & 1U) chosen.push_back(parts[i]);
        }
        state.grouping_sets.push_back(join(chosen));
      }
      return absl::OkStatus();
    }
    case GroupingItemKind::kGroupingSets:
      for (const GroupingItem& inner : item.items) BQCDC_RETURN_IF_ERROR(AddGroupingItem(inner, state));
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status Analyzer::AnalyzeGroupBy(const GroupByClause& group_by, SelectState& state) {
  state.is_grouped = true;
  if (group_by.all) return GroupByAll(group_by, state);
  const bool plain = std::all_of(group_by.items.begin(), group_by.items.end(), [](const GroupingItem& item) {
    return item.kind == GroupingItemKind::kExpression;
  });
  if (plain) {
    for (const GroupingItem& item : group_by.items) {
      if (item.alias) return Unsupported(item.position, "alias in GROUP BY");
      BQCDC_RETURN_IF_ERROR(AddGroup(*item.expressions[0], state).status());
    }
    return absl::OkStatus();
  }
  if (group_by.items.size() != 1) {
    return Unsupported(group_by.position, "GROUP BY that joins grouping sets with other items");
  }
  return AddGroupingItem(group_by.items[0], state);
}

// Puts the aggregation under the SELECT list: everything above may use groups and aggregates only.
absl::Status Analyzer::PlaceAggregates(SelectState& state) {
  if (!state.is_grouped && state.aggregates.empty()) return absl::OkStatus();
  state.is_grouped = true;
  for (SelectItemState& item : state.items) {
    BQCDC_RETURN_IF_ERROR(CheckGrouped(item.resolved, state, "SELECT list expression"));
  }
  BQCDC_RETURN_IF_ERROR(CheckGrouped(state.having, state, "HAVING clause expression"));
  BQCDC_RETURN_IF_ERROR(CheckGrouped(state.qualify, state, "QUALIFY clause expression"));
  for (SelectState::OrderKey& key : state.order_keys) {
    if (state.select->distinct) break;  // of columns above the groups
    BQCDC_RETURN_IF_ERROR(CheckGrouped(key.expression, state, "ORDER BY clause expression"));
  }
  for (AggregateColumn& window : state.windows) {
    ResolvedAggregateCall& call = *window.call;
    for (auto& argument : call.arguments)
      BQCDC_RETURN_IF_ERROR(CheckGrouped(argument, state, "Window function"));
    for (auto& partition : call.window->partition_by) {
      BQCDC_RETURN_IF_ERROR(CheckGrouped(partition, state, "PARTITION BY expression"));
    }
    for (auto& item : call.window->order_by) {
      BQCDC_RETURN_IF_ERROR(CheckGrouped(item.expression, state, "Window ORDER BY expression"));
    }
  }
  ComputeBelow(state.aggregates, state.scan);
  auto aggregate = std::make_unique<AggregateScan>();
  for (const ComputedColumn& group : state.groups)
    aggregate->columns.push_back({group.id, group.expression->type});
  for (const AggregateColumn& column : state.aggregates)
    aggregate->columns.push_back({column.id, column.call->type});
  for (const auto& [id, group] : state.grouping_calls) aggregate->columns.push_back({id, TypeKind::kInt64});
  aggregate->input = std::move(state.scan);
  aggregate->groups = std::move(state.groups);
  aggregate->aggregates = std::move(state.aggregates);
  aggregate->grouping_sets = std::move(state.grouping_sets);
  aggregate->grouping_calls = std::move(state.grouping_calls);
  state.scan = std::move(aggregate);
  return absl::OkStatus();
}

absl::Status Analyzer::AnalyzeOrderBy(const Query& owner, SelectState& state) {
  for (const OrderByItem& item : owner.order_by) {
    if (item.collate) return Unsupported(item.position, "COLLATE");
    SelectState::OrderKey key;
    key.position = item.expression->position;
    key.descending = item.descending;
    key.nulls_first =
        item.nulls == NullOrder::kUnspecified ? !item.descending : item.nulls == NullOrder::kFirst;
    if (const auto* ordinal = TryAs<IntLiteral>(*item.expression)) {
      const int64_t number = std::atoll(ordinal->text.c_str());
      if (number < 1 || number > static_cast<int64_t>(state.items.size())) {
        return ErrorAt(key.position, "ORDER BY column number ", number, " is out of range; SELECT list has ",
                       state.items.size(), " columns");
      }
      key.item = static_cast<int>(number) - 1;
    } else {
      const auto* path = TryAs<PathExpression>(*item.expression);
      for (size_t i = 0; path != nullptr && path->names.size() == 1 && i < state.items.size(); ++i) {
        if (absl::AsciiStrToLower(state.items[i].name) != absl::AsciiStrToLower(path->names[0].text))
          continue;
        if (key.item >= 0 && state.items[key.item].fingerprint != state.items[i].fingerprint) {
          return ErrorAt(key.position, "Column name ", path->names[0].text, " is ambiguous");
        }
        if (key.item < 0) key.item = static_cast<int>(i);
      }
    }
    if (key.item < 0) {
      Context context;
      context.scope = &state.scope;
      context.select = &state;
      context.use_aliases = true;
      context.after_distinct = state.select->distinct;
      context.allow_aggregates = context.allow_windows = !context.after_distinct;
      context.clause = context.after_distinct ? "ORDER BY clause after SELECT DISTINCT" : "ORDER BY clause";
      BQCDC_ASSIGN_OR_RETURN(key.expression, Analyze(*item.expression, context));
      if (context.after_distinct) BQCDC_RETURN_IF_ERROR(MoveAboveDistinct(key.expression, state));
    }
    const Type& type = key.item >= 0 ? state.items[key.item].resolved->type : key.expression->type;
    if (!type.SupportsOrdering()) {
      return ErrorAt(key.position, "ORDER BY does not support expressions of type ", type.ToString());
    }
    state.order_keys.push_back(std::move(key));
  }
  return absl::OkStatus();
}

namespace {

absl::Status RefuseClausesWithoutFrom(const Select& select) {
  const auto refuse = [](const Position& position, const char* clause) {
    return ErrorAt(position, "Query without FROM clause cannot have a ", clause, " clause");
  };
  if (select.where) return refuse(select.where->position, "WHERE");
  if (select.distinct)
    return ErrorAt(select.position, "Query without FROM clause cannot use SELECT DISTINCT");
  if (select.group_by) return refuse(select.position, "GROUP BY");
  if (select.having) return refuse(select.having->position, "HAVING");
  if (select.qualify) return refuse(select.qualify->position, "QUALIFY");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Analyzer::QueryResult> Analyzer::AnalyzeSelect(const Select& select, const Query* owner,
                                                              const Scope* outer) {
  SelectState state;
  state.select = &select;
  if (select.from) {
    BQCDC_ASSIGN_OR_RETURN(FromResult from,
                           AnalyzeFrom(*select.from, outer, nullptr, ResolvedJoinType::kCross, nullptr));
    state.scan = std::move(from.scan);
    state.names = std::move(from.names);
  } else {
    BQCDC_RETURN_IF_ERROR(RefuseClausesWithoutFrom(select));
    if (owner != nullptr && !owner->order_by.empty()) {
      return ErrorAt(owner->order_by[0].position, "Query without FROM clause cannot have an ORDER BY clause");
    }
    state.scan = std::make_unique<SingleRowScan>();
  }
  state.scope = Scope{&state.names, outer};
  if (select.where) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr predicate,
                           AnalyzeCondition(*select.where, state.scope, "WHERE clause"));
    state.scan = Filter(std::move(state.scan), std::move(predicate));
  }
  BQCDC_RETURN_IF_ERROR(ExpandSelectItems(select, state));
  if (state.items.size() > kSelectColumnsMax) {
    return ErrorAt(select.position, "SELECT list has ", state.items.size(), " columns, the limit is ",
                   kSelectColumnsMax);
  }
  BQCDC_RETURN_IF_ERROR(CountColumns(state.items.size()));
  if (select.group_by) BQCDC_RETURN_IF_ERROR(AnalyzeGroupBy(*select.group_by, state));
  Context context;
  context.scope = &state.scope;
  context.select = &state;
  context.allow_aggregates = context.allow_windows = select.from != nullptr;
  context.clause = select.from ? "SELECT list" : "SELECT without FROM clause";
  for (SelectItemState& item : state.items) {
    if (item.group >= 0) {
      const ComputedColumn& group = state.groups[item.group];
      item.resolved = std::make_unique<ResolvedColumn>(group.id, group.expression->type);
    } else if (item.expression == nullptr) {
      item.resolved = item.star_column.Reference();
    } else {
      BQCDC_ASSIGN_OR_RETURN(item.resolved, Analyze(*item.expression, context));
    }
    item.fingerprint = Fingerprint(*item.resolved);
    item.output = NewColumn();
  }
  context.use_aliases = true;
  const auto condition = [&](const Expression& expression, const char* clause) -> ExpressionResult {
    context.clause = clause;
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr predicate, Analyze(expression, context));
    if (FindCoercion(ArgumentOf(*predicate), TypeKind::kBool) == Coercion::kNone) {
      return ErrorAt(expression.position, clause, " should return type BOOL, but returns ",
                     predicate->type.ToString());
    }
    return Coerce(std::move(predicate), TypeKind::kBool);
  };
  if (select.having) {
    context.allow_windows = false;
    BQCDC_ASSIGN_OR_RETURN(state.having, condition(*select.having, "HAVING clause"));
    if (!state.is_grouped && state.aggregates.empty()) {
      return ErrorAt(select.having->position,
                     "The HAVING clause requires GROUP BY or aggregation to be present");
    }
    context.allow_windows = true;
  }
  if (select.qualify) {
    BQCDC_ASSIGN_OR_RETURN(state.qualify, condition(*select.qualify, "QUALIFY clause"));
    if (state.windows.empty()) {
      return ErrorAt(select.qualify->position, "The QUALIFY clause requires analytic function to be present");
    }
  }
  if (owner != nullptr) BQCDC_RETURN_IF_ERROR(AnalyzeOrderBy(*owner, state));
  BQCDC_RETURN_IF_ERROR(PlaceAggregates(state));
  return FinishSelect(select, owner, state);
}

}  // namespace bqcdc::emulator::sql
