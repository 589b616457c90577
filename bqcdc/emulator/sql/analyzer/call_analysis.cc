// Calls: overload resolution, coercion, aggregates, window functions.

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/select_state.h"

namespace bqcdc::emulator::sql {
namespace {

// How a name reads in an error: operators by their sign, functions with their kind.
std::string DisplayName(const std::string& name) {
  static const std::map<std::string, std::string>* const signs =
      new std::map<std::string, std::string>{{"$add", "operator +"},
                                             {"$subtract", "operator -"},
                                             {"$multiply", "operator *"},
                                             {"$divide", "operator /"},
                                             {"$equal", "operator ="},
                                             {"$not_equal", "operator !="},
                                             {"$less", "operator <"},
                                             {"$less_or_equal", "operator <="},
                                             {"$greater", "operator >"},
                                             {"$greater_or_equal", "operator >="},
                                             {"$and", "operator AND"},
                                             {"$or", "operator OR"},
                                             {"$not", "operator NOT"},
                                             {"$like", "operator LIKE"},
                                             {"$between", "operator BETWEEN"},
                                             {"$in", "operator IN"},
                                             {"$in_array", "operator IN UNNEST"},
                                             {"$minus", "operator -"},
                                             {"$concat", "operator ||"},
                                             {"$bit_and", "operator &"},
                                             {"$bit_or", "operator |"},
                                             {"$bit_xor", "operator ^"},
                                             {"$bit_not", "operator ~"},
                                             {"$shift_left", "operator <<"},
                                             {"$shift_right", "operator >>"},
                                             {"$extract", "function EXTRACT"},
                                             {"$interval", "function INTERVAL"},
                                             {"$interval_text", "function INTERVAL"}};
  const auto found = signs->find(name);
  // Functions as they are with named arguments.
  if (found == signs->end() && name[0] == '$') return "function " + absl::AsciiStrToUpper(name.substr(1));
  if (found != signs->end()) return found->second;
  const std::vector<FunctionSignature>& signatures = FindFunction(name);
  if (signatures.empty() || signatures[0].mode == FunctionMode::kScalar) return "function " + name;
  const bool aggregates = signatures[0].mode == FunctionMode::kAggregate;
  return (aggregates ? "aggregate function " : "analytic function ") + name;
}

// The parameter that argument `index` goes to; null where there is none.
const FunctionParameter* ParameterAt(const FunctionSignature& signature, size_t index) {
  if (index < signature.parameters.size()) return &signature.parameters[index];
  if (!signature.parameters.empty() && signature.parameters.back().repeated)
    return &signature.parameters.back();
  return nullptr;
}

size_t RequiredCount(const FunctionSignature& signature) {
  size_t count = 0;
  for (const FunctionParameter& parameter : signature.parameters) {
    if (!parameter.optional && !parameter.repeated) ++count;
  }
  return count;
}

bool LetterAllows(char letter, const Type& type) {
  if (letter == 'E') return type.SupportsEquality();
  if (letter == 'O') return type.SupportsOrdering();
  if (letter == 'R') return type.IsRangeElement();
  return true;
}

struct Candidate {
  const FunctionSignature* signature = nullptr;
  std::map<char, Type> bindings;
  std::vector<Type> types;  // one for each argument
  int implicit = 0;
  int literal = 0;
};

bool BindTemplates(const FunctionSignature& signature, const std::vector<ArgumentType>& arguments,
                   Candidate& candidate) {
  std::map<char, std::vector<ArgumentType>> groups;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const FunctionParameter& parameter = *ParameterAt(signature, i);
    if (parameter.kind == ParameterKind::kTemplate) {
      groups[parameter.letter].push_back(arguments[i]);
    } else if (parameter.kind == ParameterKind::kArrayTemplate) {
      if (!arguments[i].type.is_array() && !arguments[i].is_untyped) return false;
      groups[parameter.letter].push_back(arguments[i].type.is_array() ? ElementOf(arguments[i])
                                                                      : arguments[i]);
    } else if (parameter.kind == ParameterKind::kRangeTemplate) {
      if (!arguments[i].type.is(TypeKind::kRange) && !arguments[i].is_untyped) return false;
      std::vector<ArgumentType>& group = groups[parameter.letter];  // of untyped NULLs alone: no type fits
      if (arguments[i].type.is(TypeKind::kRange)) group.push_back({arguments[i].type.element()});
    }
  }
  for (auto& [letter, types] : groups) {
    std::optional<Type> type = FindSupertype(types);
    if (!type || !LetterAllows(letter, *type)) return false;
    candidate.bindings[letter] = *type;
  }
  return true;
}

std::optional<Candidate> TrySignature(const FunctionSignature& signature,
                                      const std::vector<ArgumentType>& arguments) {
  if (arguments.size() < RequiredCount(signature)) return std::nullopt;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (ParameterAt(signature, i) == nullptr) return std::nullopt;
  }
  Candidate candidate;
  candidate.signature = &signature;
  if (!BindTemplates(signature, arguments, candidate)) return std::nullopt;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const FunctionParameter& parameter = *ParameterAt(signature, i);
    Type target = parameter.type;
    switch (parameter.kind) {
      case ParameterKind::kType:
        break;
      case ParameterKind::kTemplate:
        target = candidate.bindings[parameter.letter];
        break;
      case ParameterKind::kArrayTemplate:
        target = Type::Array(candidate.bindings[parameter.letter]);
        break;
      case ParameterKind::kRangeTemplate:
        target = Type::Range(candidate.bindings[parameter.letter]);
        break;
      case ParameterKind::kAny:
        target = arguments[i].type;
        break;
      case ParameterKind::kDatePart:
        target = TypeKind::kString;
        break;
      case ParameterKind::kIntervalParts:
        return std::nullopt;  // expanded by the caller
      case ParameterKind::kRangeArrayTemplate:
        return std::nullopt;  // a result only
    }
    switch (FindCoercion(arguments[i], target)) {
      case Coercion::kExact:
        break;
      case Coercion::kLiteral:
        ++candidate.literal;
        break;
      case Coercion::kImplicit:
        ++(arguments[i].is_literal ? candidate.literal : candidate.implicit);
        break;
      case Coercion::kNone:
        return std::nullopt;
    }
    candidate.types.push_back(target);
  }
  return candidate;
}

std::string TypeList(const std::vector<ArgumentType>& arguments) {
  std::string text;
  for (const ArgumentType& argument : arguments) {
    base::StrAppend(&text, text.empty() ? "" : ", ", argument.is_untyped ? "NULL" : argument.type.ToString());
  }
  return text;
}

absl::Status NoMatch(const std::string& name, const std::vector<FunctionSignature>& signatures,
                     const std::vector<ArgumentType>& arguments, const Position& position) {
  std::string text = base::StrCat("No matching signature for ", DisplayName(name));
  if (arguments.empty()) {
    base::StrAppend(&text, " with no arguments");
  } else {
    base::StrAppend(&text, "\n  Argument types: ", TypeList(arguments));
  }
  if (name[0] != '$') {
    for (const FunctionSignature& signature : signatures) {
      if (signature.is_refused) continue;
      base::StrAppend(&text, "\n  Signature: ", name, "(", signature.text, ")");
    }
  }
  return ErrorAt(position, text);
}

// ERROR(message): never has a value, so that it fits everywhere.
bool IsErrorCall(const ResolvedExpression& expression) {
  return expression.kind == ResolvedKind::kCall &&
         Resolved<ResolvedCall>(expression).signature->name == "ERROR";
}

}  // namespace

ArgumentType Analyzer::ArgumentOf(const ResolvedExpression& expression) {
  ArgumentType argument;
  argument.type = expression.type;
  if (expression.kind == ResolvedKind::kLiteral) {
    const auto& literal = Resolved<ResolvedLiteral>(expression);
    argument.is_literal = literal.is_coercible;
    argument.is_untyped = literal.is_untyped;
  } else if (IsErrorCall(expression)) {
    argument.is_untyped = true;
  } else if (expression.kind == ResolvedKind::kMakeArray) {
    const auto& array = Resolved<ResolvedMakeArray>(expression);
    for (const auto& element : array.elements) argument.parts.push_back(ArgumentOf(*element));
    argument.is_literal = !argument.parts.empty() &&
                          std::all_of(argument.parts.begin(), argument.parts.end(),
                                      [](const ArgumentType& element) { return element.is_literal; });
    argument.is_untyped = array.is_untyped;
  } else if (expression.kind == ResolvedKind::kMakeStruct) {
    const auto& row = Resolved<ResolvedMakeStruct>(expression);
    for (const auto& field : row.fields) argument.parts.push_back(ArgumentOf(*field));
    argument.is_literal =
        std::all_of(argument.parts.begin(), argument.parts.end(),
                    [](const ArgumentType& field) { return field.is_literal || field.is_untyped; });
  }
  return argument;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::Coerce(ResolvedExpressionPtr expression, const Type& type) {
  if (expression->kind == ResolvedKind::kLiteral) {
    auto& literal = static_cast<ResolvedLiteral&>(*expression);
    if (literal.is_untyped) {
      auto null = std::make_unique<ResolvedLiteral>(Value::Null(type));
      null->position = expression->position;
      return null;
    }
    if (expression->type == type) return expression;
    if (literal.is_coercible) {
      const bool by_text =
          !literal.text.empty() && (type.is(TypeKind::kNumeric) || type.is(TypeKind::kBigNumeric));
      auto value = CastValue(by_text ? Value::String(literal.text) : literal.value, type);
      if (!value.ok()) {
        const std::string* text = std::get_if<std::string>(&literal.value.scalar);
        return ErrorAt(expression->position, "Could not cast literal ",
                       text != nullptr ? base::StrCat("\"", *text, "\"") : literal.text, " to type ",
                       type.ToString());
      }
      auto result = std::make_unique<ResolvedLiteral>(*std::move(value));
      result->position = expression->position;
      return result;
    }
  }
  if (expression->type == type) return expression;
  if (IsErrorCall(*expression)) {
    std::vector<ResolvedExpressionPtr> arguments;
    const Position position = expression->position;
    arguments.push_back(std::move(expression));
    auto typed = std::make_unique<ResolvedCase>(type);
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr raised, Call("$is_null", std::move(arguments), position));
    typed->branches.push_back({std::move(raised), std::make_unique<ResolvedLiteral>(Value::Null(type))});
    typed->otherwise = std::make_unique<ResolvedLiteral>(Value::Null(type));
    return typed;
  }
  if (expression->kind == ResolvedKind::kMakeArray && type.is_array()) {
    auto& array = static_cast<ResolvedMakeArray&>(*expression);
    for (ResolvedExpressionPtr& element : array.elements) {
      BQCDC_ASSIGN_OR_RETURN(element, Coerce(std::move(element), type.element()));
    }
    array.type = type;
    array.is_untyped = false;
    return expression;
  }
  if (expression->kind == ResolvedKind::kMakeStruct && type.is_struct()) {
    auto& row = static_cast<ResolvedMakeStruct&>(*expression);
    for (size_t i = 0; i < row.fields.size(); ++i) {
      BQCDC_ASSIGN_OR_RETURN(row.fields[i], Coerce(std::move(row.fields[i]), type.fields()[i].type));
    }
    row.type = type;
    return expression;
  }
  const Position position = expression->position;
  return MakeCast(std::move(expression), type, false, position);
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::CoerceForAssignment(ResolvedExpressionPtr expression,
                                                                    const Type& type,
                                                                    std::string_view target) {
  const Position position = expression->position;
  if (FindCoercion(ArgumentOf(*expression), type) == Coercion::kNone) {
    return ErrorAt(position, "Value has type ", expression->type.ToString(),
                   " which cannot be inserted into ", target, ", which has type ", type.ToString());
  }
  return Coerce(std::move(expression), type);
}

absl::StatusOr<Type> Analyzer::SupertypeOf(const std::vector<ResolvedExpressionPtr>& expressions,
                                           std::string_view what, const Position& position) {
  std::vector<ArgumentType> arguments;
  for (const ResolvedExpressionPtr& expression : expressions) arguments.push_back(ArgumentOf(*expression));
  std::optional<Type> type = FindSupertype(arguments);
  if (!type) {
    return ErrorAt(position, what, " of types {", TypeList(arguments), "} do not have a common supertype");
  }
  return *type;
}

absl::StatusOr<Analyzer::Match> Analyzer::MatchSignature(const std::string& name,
                                                         std::vector<ResolvedExpressionPtr>& arguments,
                                                         const Position& position) {
  const std::vector<FunctionSignature>& signatures = FindFunction(name);
  if (signatures.empty()) return Unsupported(position, DisplayName(name));
  std::vector<ArgumentType> types;
  for (const ResolvedExpressionPtr& argument : arguments) types.push_back(ArgumentOf(*argument));
  std::optional<Candidate> best;
  for (const FunctionSignature& signature : signatures) {
    // INTERVAL n PART arrives as two arguments; see AnalyzeArguments.
    FunctionSignature const* tried = &signature;
    FunctionSignature expanded;
    const auto has_interval = [](const FunctionParameter& p) {
      return p.kind == ParameterKind::kIntervalParts;
    };
    if (std::any_of(signature.parameters.begin(), signature.parameters.end(), has_interval)) {
      expanded = signature;
      expanded.parameters.clear();
      for (const FunctionParameter& parameter : signature.parameters) {
        expanded.parameters.push_back(parameter);
        if (!has_interval(parameter)) continue;
        expanded.parameters.back().kind = ParameterKind::kType;
        expanded.parameters.back().type = TypeKind::kInt64;
        expanded.parameters.push_back(expanded.parameters.back());
        expanded.parameters.back().kind = ParameterKind::kDatePart;
      }
      tried = &expanded;
    }
    std::optional<Candidate> candidate = TrySignature(*tried, types);
    if (!candidate) continue;
    candidate->signature = &signature;
    if (!best || candidate->implicit < best->implicit ||
        (candidate->implicit == best->implicit && candidate->literal < best->literal)) {
      best = std::move(candidate);
    }
  }
  if (!best) return NoMatch(name, signatures, types, position);
  if (best->signature->is_refused) {
    return Unsupported(position, DisplayName(name), " of ", best->signature->text);
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(arguments[i], Coerce(std::move(arguments[i]), best->types[i]));
  }
  const FunctionParameter& result = best->signature->result;
  Type type = result.type;
  if (result.kind == ParameterKind::kTemplate) type = best->bindings[result.letter];
  if (result.kind == ParameterKind::kArrayTemplate) type = Type::Array(best->bindings[result.letter]);
  if (result.kind == ParameterKind::kRangeTemplate) type = Type::Range(best->bindings[result.letter]);
  if (result.kind == ParameterKind::kRangeArrayTemplate)
    type = Type::Array(Type::Range(best->bindings[result.letter]));
  return Match{best->signature, std::move(type)};
}

absl::Status Analyzer::CastToConcatenate(std::vector<ResolvedExpressionPtr>& arguments) {
  const auto is_text = [](const ResolvedExpressionPtr& argument) {
    return argument->type.is(TypeKind::kString) || ArgumentOf(*argument).is_untyped;
  };
  const auto may_be_text = [&](const ResolvedExpressionPtr& argument) {
    return is_text(argument) ||
           (!argument->type.is(TypeKind::kBytes) && CastExists(argument->type, TypeKind::kString));
  };
  if (!std::all_of(arguments.begin(), arguments.end(), may_be_text)) return absl::OkStatus();
  for (ResolvedExpressionPtr& argument : arguments) {
    if (is_text(argument)) continue;
    const Position position = argument->position;
    BQCDC_ASSIGN_OR_RETURN(argument, MakeCast(std::move(argument), TypeKind::kString, false, position));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::Call(const std::string& name,
                                                     std::vector<ResolvedExpressionPtr> arguments,
                                                     const Position& position, bool safe) {
  if (name == "CONCAT" || name == "$concat") BQCDC_RETURN_IF_ERROR(CastToConcatenate(arguments));
  BQCDC_ASSIGN_OR_RETURN(const Match match, MatchSignature(name, arguments, position));
  auto call = std::make_unique<ResolvedCall>(match.signature, match.type);
  call->arguments = std::move(arguments);
  call->safe = safe;
  call->position = position;
  return call;
}

absl::StatusOr<std::string> Analyzer::PartName(const Identifier& name,
                                               const std::optional<Identifier>& weekday) const {
  static const std::set<std::string>* const parts = new std::set<std::string>{
      "MICROSECOND", "MILLISECOND", "SECOND",  "MINUTE", "HOUR",    "DAY",  "DAYOFWEEK", "DAYOFYEAR", "WEEK",
      "ISOWEEK",     "MONTH",       "QUARTER", "YEAR",   "ISOYEAR", "DATE", "TIME",      "DATETIME"};
  static const std::set<std::string>* const weekdays =
      new std::set<std::string>{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"};
  std::string part = absl::AsciiStrToUpper(name.text);
  if (!parts->contains(part)) {
    return ErrorAt(name.position, "A valid date part name is required but found ", name.text);
  }
  if (!weekday) return part;
  const std::string day = absl::AsciiStrToUpper(weekday->text);
  if (part != "WEEK" || !weekdays->contains(day)) {
    return ErrorAt(weekday->position, "A valid date part name is required but found ", name.text, "(",
                   weekday->text, ")");
  }
  return day == "SUNDAY" ? part : base::StrCat("WEEK(", day, ")");
}

absl::Status Analyzer::AnalyzeArguments(const FunctionCall& call, const std::string& name, Context& context,
                                        std::vector<ResolvedExpressionPtr>& arguments) {
  const std::vector<FunctionSignature>& signatures = FindFunction(name);
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const FunctionArgument& argument = call.arguments[i];
    if (argument.name) continue;  // taken by TakeNamedArguments
    if (!argument.value) return Unsupported(argument.position, "argument of ", name);
    const auto wants = [&](ParameterKind kind) {
      return std::any_of(signatures.begin(), signatures.end(), [&](const FunctionSignature& signature) {
        return i < signature.parameters.size() && signature.parameters[i].kind == kind;
      });
    };
    const Expression& value = *argument.value;
    if (wants(ParameterKind::kDatePart)) {
      const auto* path = TryAs<PathExpression>(value);
      const auto* with_day = TryAs<FunctionCall>(value);
      if (path != nullptr && path->names.size() == 1) {
        BQCDC_ASSIGN_OR_RETURN(std::string part, PartName(path->names[0], std::nullopt));
        arguments.push_back(std::make_unique<ResolvedLiteral>(Value::String(std::move(part))));
        continue;
      }
      if (with_day != nullptr && with_day->name.size() == 1 && with_day->arguments.size() == 1 &&
          with_day->arguments[0].value && with_day->arguments[0].value->kind == ExpressionKind::kPath) {
        const auto& day = As<PathExpression>(*with_day->arguments[0].value);
        BQCDC_ASSIGN_OR_RETURN(std::string part, PartName(with_day->name[0], day.names[0]));
        arguments.push_back(std::make_unique<ResolvedLiteral>(Value::String(std::move(part))));
        continue;
      }
      return ErrorAt(value.position, "A valid date part argument is required for ", name);
    }
    if (wants(ParameterKind::kIntervalParts)) {
      const auto* interval = TryAs<IntervalExpression>(value);
      if (interval == nullptr || interval->to) {
        return Unsupported(value.position, "an argument of ", name, " that is not INTERVAL value PART");
      }
      BQCDC_ASSIGN_OR_RETURN(std::string part, PartName(interval->from.name, std::nullopt));
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr amount, Analyze(*interval->value, context));
      arguments.push_back(std::move(amount));
      arguments.push_back(std::make_unique<ResolvedLiteral>(Value::String(std::move(part))));
      continue;
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr resolved, Analyze(value, context));
    arguments.push_back(std::move(resolved));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeCall(const FunctionCall& call, Context& context) {
  bool safe = false;
  std::string name;
  for (size_t i = 0; i < call.name.size(); ++i) {
    const std::string part = absl::AsciiStrToUpper(call.name[i].text);
    if (i == 0 && part == "SAFE" && call.name.size() > 1) {
      safe = true;
      continue;
    }
    base::StrAppend(&name, name.empty() ? "" : ".", part);
  }
  const std::vector<FunctionSignature>& signatures = FindFunction(name);
  if (signatures.empty() || name[0] == '$') {
    if (name == "GROUPING") return AnalyzeGroupingCall(call, context);
    return Unsupported(call.position, "function ", name);
  }
  if (signatures[0].mode != FunctionMode::kScalar || call.over) {
    if (safe) return Unsupported(call.position, "SAFE. before the aggregate function ", name);
    return AnalyzeAggregate(call, name, context);
  }
  if (call.distinct || call.star || call.nulls != NullHandling::kUnspecified || call.having ||
      !call.order_by.empty() || call.limit) {
    return ErrorAt(call.position, "Function ", name, " is not an aggregate function and takes no modifiers");
  }
  std::vector<ResolvedExpressionPtr> arguments;
  BQCDC_RETURN_IF_ERROR(AnalyzeArguments(call, name, context, arguments));
  BQCDC_ASSIGN_OR_RETURN(const std::string function, TakeNamedArguments(call, name, context, arguments));
  return Call(function, std::move(arguments), call.position, safe);
}

}  // namespace bqcdc::emulator::sql
