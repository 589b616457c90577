// Aggregate and window functions, and the names that GROUP BY and SELECT DISTINCT leave usable.

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/analyzer/select_state.h"
#include "bqcdc/emulator/sql/analyzer/window_rules.h"

namespace bqcdc::emulator::sql {
namespace {

// The column that `a.b.c` begins with; null where the expression is no such path.
const ResolvedColumn* ColumnOfPath(const ResolvedExpression& path) {
  if (path.kind == ResolvedKind::kGetField) return ColumnOfPath(*Resolved<ResolvedGetField>(path).operand);
  return path.kind == ResolvedKind::kColumn ? &Resolved<ResolvedColumn>(path) : nullptr;
}

const NamedColumn* FindById(const std::vector<NamedColumn>& columns, ColumnId id, int field) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const NamedColumn& column) {
    return column.id == id && column.field == field;
  });
  return found == columns.end() ? nullptr : &*found;
}

// `a.b.c`, where ColumnOfPath finds its column.
std::string PathName(const ResolvedExpression& path, const NameList& names) {
  const ColumnId id = ColumnOfPath(path)->id;
  if (path.kind == ResolvedKind::kGetField) {
    const auto& access = Resolved<ResolvedGetField>(path);
    // A value table's column.
    const bool is_first = access.operand->kind == ResolvedKind::kColumn;
    const NamedColumn* column = is_first ? FindById(names.columns, id, access.index) : nullptr;
    if (column != nullptr) return column->name;
    return base::StrCat(PathName(*access.operand, names), ".",
                        access.operand->type.fields()[access.index].name);
  }
  if (const NamedColumn* column = FindById(names.columns, id, -1)) return column->name;
  for (const RangeVariable& variable : names.variables) {
    if (variable.value && variable.value->id == id) return variable.name;
    if (const NamedColumn* column = FindById(variable.columns, id, -1)) return column->name;
  }
  return "";
}

}  // namespace

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeAlias(const Identifier& name, Context& context) {
  const std::string lower = absl::AsciiStrToLower(name.text);
  SelectState& state = *context.select;
  if (state.resolving_aliases.contains(lower)) return ResolvedExpressionPtr();
  const SelectItemState* found = nullptr;
  for (const SelectItemState& item : state.items) {
    if (item.name.empty() || absl::AsciiStrToLower(item.name) != lower) continue;
    if (found != nullptr && item.fingerprint != found->fingerprint) {
      return ErrorAt(name.position, "Column name ", name.text, " is ambiguous");
    }
    found = &item;
  }
  if (found == nullptr) return ResolvedExpressionPtr();
  if (context.after_distinct) return std::make_unique<ResolvedColumn>(found->output, found->resolved->type);
  if (found->expression == nullptr) return found->star_column.Reference();
  state.resolving_aliases.insert(lower);
  ExpressionResult result = Analyze(*found->expression, context);
  state.resolving_aliases.erase(lower);
  return result;
}

absl::Status Analyzer::AnalyzeOrderItems(const std::vector<OrderByItem>& items, Context& context,
                                         std::vector<ResolvedOrderItem>& results) {
  for (const OrderByItem& item : items) {
    if (item.collate) return Unsupported(item.position, "COLLATE");
    ResolvedOrderItem result;
    BQCDC_ASSIGN_OR_RETURN(result.expression, Analyze(*item.expression, context));
    if (!result.expression->type.SupportsOrdering()) {
      return ErrorAt(item.position, "ORDER BY does not support expressions of type ",
                     result.expression->type.ToString());
    }
    result.descending = item.descending;
    result.nulls_first =
        item.nulls == NullOrder::kUnspecified ? !item.descending : item.nulls == NullOrder::kFirst;
    results.push_back(std::move(result));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ResolvedWindow>> Analyzer::AnalyzeWindow(
    const WindowSpecification& specification, Context& context) {
  auto window = std::make_unique<ResolvedWindow>();
  if (specification.base_name) {
    const WindowSpecification* base = nullptr;
    for (const NamedWindow& named : context.select->select->windows) {
      if (absl::AsciiStrToLower(named.name.text) == absl::AsciiStrToLower(specification.base_name->text)) {
        base = &named.window;
      }
    }
    if (base == nullptr) {
      return ErrorAt(specification.position, "Unrecognized window alias ", specification.base_name->text);
    }
    if (++depth_ > kAnalysisDepthMax)
      return ErrorAt(specification.position, "Window definitions are nested too deeply");
    auto inner = AnalyzeWindow(*base, context);
    --depth_;
    if (!inner.ok()) return inner.status();
    window = *std::move(inner);
  }
  BQCDC_RETURN_IF_ERROR(AnalyzeAll(specification.partition_by, context, window->partition_by));
  for (const ResolvedExpressionPtr& partition : window->partition_by) {
    if (!partition->type.SupportsGrouping() || partition->type.is(TypeKind::kFloat64)) {
      return ErrorAt(specification.position, "Partitioning by expressions of type ",
                     partition->type.ToString(), " is not allowed");
    }
  }
  BQCDC_RETURN_IF_ERROR(AnalyzeOrderItems(specification.order_by, context, window->order_by));
  if (!specification.frame) return window;
  BQCDC_RETURN_IF_ERROR(AnalyzeFrame(*specification.frame, context, *window));
  return window;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeAggregate(const FunctionCall& call,
                                                                 const std::string& name, Context& context) {
  const FunctionMode mode = FindFunction(name)[0].mode;
  const std::string shown = call.star ? name + "(*)" : name;
  if (call.over) {
    if (mode == FunctionMode::kScalar)
      return ErrorAt(call.position, "Function ", name, " does not support OVER");
    if (context.select == nullptr || !context.allow_windows) {
      return ErrorAt(call.position, "Analytic function not allowed in ", context.clause);
    }
  } else {
    if (mode == FunctionMode::kWindow) {
      return ErrorAt(call.position, "Analytic function ", name, " cannot be called without an OVER clause");
    }
    if (context.inside_aggregate) {
      return ErrorAt(call.position, "Aggregations of aggregations are not allowed");
    }
    if (context.select == nullptr || !context.allow_aggregates) {
      return ErrorAt(call.position, "Aggregate function ", shown, " not allowed in ", context.clause);
    }
  }
  // ANY_VALUE(x HAVING MAX y) is MAX_BY(x, y).
  const bool any_having = call.having && name == "ANY_VALUE" && !call.distinct && call.arguments.size() == 1;
  if (call.having && !any_having) return Unsupported(call.position, "HAVING MAX or MIN in ", name);
  Context inner = context;
  inner.allow_windows = false;
  if (!call.over) {
    inner.inside_aggregate = true;
    inner.use_aliases = false;
  }
  auto aggregate = std::make_unique<ResolvedAggregateCall>();
  aggregate->position = call.position;
  if (call.star && name != "COUNT") return ErrorAt(call.position, "Argument * can only be used in COUNT(*)");
  BQCDC_RETURN_IF_ERROR(AnalyzeArguments(call, name, inner, aggregate->arguments));
  if (name == "COUNT" && !call.star && aggregate->arguments.empty()) {
    return ErrorAt(call.position, "No matching signature for aggregate function COUNT with no arguments");
  }
  if (any_having) {
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr key, Analyze(*call.having->expression, inner));
    aggregate->arguments.push_back(std::move(key));
  }
  const std::string called = !any_having ? name : call.having->max ? "MAX_BY" : "MIN_BY";
  BQCDC_ASSIGN_OR_RETURN(const Match match, MatchSignature(called, aggregate->arguments, call.position));
  aggregate->signature = match.signature;
  aggregate->type = match.type;
  aggregate->distinct = call.distinct;
  aggregate->nulls = static_cast<ResolvedNulls>(call.nulls);
  BQCDC_RETURN_IF_ERROR(AnalyzeOrderItems(call.order_by, inner, aggregate->order_by));
  if (call.limit) {
    BQCDC_ASSIGN_OR_RETURN(const int64_t limit, LimitValue(*call.limit, "LIMIT"));
    aggregate->limit = limit;
  }
  static const std::set<std::string>* const collectors =
      new std::set<std::string>{"ARRAY_AGG", "STRING_AGG", "ARRAY_CONCAT_AGG"};
  if ((!call.order_by.empty() || call.limit) && !collectors->contains(name)) {
    return ErrorAt(call.position, call.limit ? "LIMIT" : "ORDER BY",
                   " in arguments is not supported on function ", name);
  }
  if (call.distinct) {
    if (match.signature->form.find('#') == std::string::npos && match.signature->form[0] != '@') {
      return Unsupported(call.position, "DISTINCT in ", name);
    }
    if (!aggregate->arguments.empty() && !aggregate->arguments[0]->type.SupportsGrouping()) {
      return ErrorAt(call.position,
                     "Aggregate functions with DISTINCT cannot be used with arguments of type ",
                     aggregate->arguments[0]->type.ToString());
    }
    for (const ResolvedOrderItem& item : aggregate->order_by) {
      if (Fingerprint(*item.expression) != Fingerprint(*aggregate->arguments[0])) {
        return ErrorAt(call.position,
                       "An aggregate function that has both DISTINCT and ORDER BY arguments can only "
                       "ORDER BY expressions that are arguments to the function");
      }
    }
  }
  if (call.nulls != NullHandling::kUnspecified) {
    const bool takes = name == "ARRAY_AGG" || match.signature->form.find('%') != std::string::npos;
    if (!takes) return ErrorAt(call.position, "IGNORE NULLS and RESPECT NULLS are not allowed for ", name);
  }
  const ColumnId id = NewColumn();
  const Type type = aggregate->type;
  if (call.over) {
    if (call.distinct && !call.over->order_by.empty()) {
      return ErrorAt(call.position, "Window ORDER BY is not allowed if DISTINCT is specified");
    }
    BQCDC_ASSIGN_OR_RETURN(aggregate->window, AnalyzeWindow(*call.over, inner));
    BQCDC_RETURN_IF_ERROR(CheckWindowCall(name, *aggregate));
    context.select->windows.push_back({id, std::move(aggregate)});
  } else {
    context.select->aggregates.push_back({id, std::move(aggregate)});
  }
  return std::make_unique<ResolvedColumn>(id, type);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeGroupingCall(const FunctionCall& call,
                                                                    Context& context) {
  if (context.select == nullptr || !context.allow_aggregates || call.arguments.size() != 1 ||
      !call.arguments[0].value) {
    return ErrorAt(call.position, "GROUPING takes one grouping item of the GROUP BY clause");
  }
  SelectState& state = *context.select;
  Context inner = context;
  inner.allow_aggregates = false;
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr argument, Analyze(*call.arguments[0].value, inner));
  const std::string fingerprint = Fingerprint(*argument);
  for (size_t i = 0; i < state.group_fingerprints.size(); ++i) {
    if (state.group_fingerprints[i] != fingerprint) continue;
    const ColumnId id = NewColumn();
    state.grouping_calls.emplace_back(id, static_cast<int>(i));
    return std::make_unique<ResolvedColumn>(id, TypeKind::kInt64);
  }
  return ErrorAt(call.position, "GROUPING must have an argument that exists within the GROUP BY clause");
}

absl::Status Analyzer::CheckGrouped(ResolvedExpressionPtr& expression, SelectState& state,
                                    std::string_view what) {
  if (!state.is_grouped || !expression) return absl::OkStatus();
  const std::set<ColumnId> from = ColumnIdsOf(state.names);
  absl::Status status;
  const Position outer = expression->position;
  // With grouping sets it counts which key it is: an expression over keys is computed of those, not taken for
  // a key of its own.
  const auto is_over_keys = [&](ResolvedExpressionPtr& node) {
    if (state.grouping_sets.empty() || node->kind == ResolvedKind::kColumn) return false;
    bool over_keys = true;
    WalkExpression(node, [&](ResolvedExpressionPtr& part) {
      if (part->kind != ResolvedKind::kColumn) return false;
      over_keys = over_keys && (!from.contains(Resolved<ResolvedColumn>(*part).id) ||
                                std::find(state.group_fingerprints.begin(), state.group_fingerprints.end(),
                                          Fingerprint(*part)) != state.group_fingerprints.end());
      return true;
    });
    return over_keys;
  };
  WalkExpression(expression, [&](ResolvedExpressionPtr& node) {
    if (!status.ok()) return true;
    const std::string fingerprint = Fingerprint(*node);
    for (size_t i = 0; i < state.groups.size(); ++i) {
      if (state.group_fingerprints[i] != fingerprint || is_over_keys(node)) continue;
      const Position position = node->position;
      node = std::make_unique<ResolvedColumn>(state.groups[i].id, node->type);
      node->position = position;
      return true;
    }
    if (node->kind != ResolvedKind::kColumn) return false;
    const ColumnId id = Resolved<ResolvedColumn>(*node).id;
    if (!from.contains(id)) return false;
    status = ErrorAt(node->position == Position{} ? outer : node->position, what, " references column ",
                     PathName(*node, state.names), " which is neither grouped nor aggregated");
    return true;
  });
  return status;
}

absl::Status Analyzer::MoveAboveDistinct(ResolvedExpressionPtr& key, const SelectState& state) {
  std::map<std::string, const SelectItemState*> visible;
  for (const SelectItemState& item : state.items) {
    visible.emplace(item.group >= 0 ? state.group_fingerprints[item.group] : item.fingerprint, &item);
  }
  const std::set<ColumnId> from = ColumnIdsOf(state.names);
  absl::Status status;
  const Position outer = key->position;
  WalkExpression(key, [&](ResolvedExpressionPtr& node) {
    if (!status.ok()) return true;
    const ResolvedColumn* column = ColumnOfPath(*node);
    if (column == nullptr || !from.contains(column->id)) return false;
    // Of `a.b.c` the longest part that is in the SELECT list.
    for (ResolvedExpressionPtr* part = &node;; part = &static_cast<ResolvedGetField&>(**part).operand) {
      if (const auto found = visible.find(Fingerprint(**part)); found != visible.end()) {
        *part = std::make_unique<ResolvedColumn>(found->second->output, (*part)->type);
        return true;
      }
      if ((*part)->kind == ResolvedKind::kColumn) break;
    }
    const std::string name = PathName(*node, state.names);
    status = ErrorAt(node->position == Position{} ? outer : node->position,
                     "ORDER BY clause expression references ",
                     name.find('.') == std::string::npos ? "column " : "", name,
                     " which is not visible after SELECT DISTINCT");
    return true;
  });
  return status;
}

}  // namespace bqcdc::emulator::sql
