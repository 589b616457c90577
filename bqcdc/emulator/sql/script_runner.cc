#include "bqcdc/emulator/sql/script_runner.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"

namespace bqcdc::emulator::sql {
namespace {

ScriptStatement DescribeStatement(const std::string& text, const Statement& statement) {
  const Position& start = statement.position;
  ScriptStatement described;
  described.text = std::string_view(text).substr(start.offset, statement.end_offset - start.offset);
  described.start_line = described.end_line = start.line;
  described.start_column = described.end_column = start.column;
  for (size_t i = 1; i < described.text.size(); ++i) {
    const unsigned char c = described.text[i];
    if (described.text[i - 1] == '\n') {
      ++described.end_line;
      described.end_column = 1;
    } else if ((c & 0xC0) != 0x80) {  // not within a code point
      ++described.end_column;
    }
  }
  return described;
}

// As the service writes errors of a statement in a script.
absl::Status ScriptError(const absl::Status& status, const Position& position) {
  const std::string text(base::ToStd(status.message()));
  if (absl::IsCancelled(status) || text.starts_with("Query error: ")) return status;
  std::string message = base::StrCat("Query error: ", text);
  if (message.find(" at [") == std::string::npos) base::StrAppend(&message, " at ", FormatPosition(position));
  absl::Status error(status.code(), message);
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { error.SetPayload(type, payload); });
  return error;
}

// Bytes of a variable's value: those of its texts, one of a NULL inside of it, eight of each other part.
int64_t SizeOf(const Value& value) {
  if (value.is_null) return 0;
  int64_t size = 0;
  for (const Value& child : value.children) size += child.is_null ? 1 : SizeOf(child);
  if (!value.children.empty()) return size;
  const auto* text = std::get_if<std::string>(&value.scalar);
  return text != nullptr ? static_cast<int64_t>(text->size()) : 8;
}

enum class Flow { kNext, kBreak, kContinue, kReturn };

class ScriptRunner {
 public:
  ScriptRunner(engine::Database& database, const QueryRequest& request, const StatementRunner& run)
      : database_(database), request_(request), run_(run) {}

  absl::StatusOr<QueryOutcome> Run(const Script& script) {
    BQCDC_RETURN_IF_ERROR(RunBlock(script.statements).status());
    QueryOutcome outcome;
    outcome.statement_type = "SCRIPT";
    outcome.last = last_ != nullptr ? last_ : std::make_shared<const QueryOutcome>();
    return outcome;
  }

 private:
  // The variables that a block declares go with it.
  absl::StatusOr<Flow> RunBlock(const std::vector<StatementPtr>& statements) {
    std::vector<std::string> declared;
    absl::StatusOr<Flow> flow = Flow::kNext;
    for (const StatementPtr& statement : statements) {
      if (const auto* declare = TryAs<DeclareStatement>(*statement)) {
        const absl::Status status = Declare(*declare, declared);
        if (!status.ok()) flow = ScriptError(status, declare->position);
      } else {
        flow = RunOne(*statement);
      }
      if (!flow.ok() || *flow != Flow::kNext) break;
    }
    for (const std::string& name : declared) {
      const auto variable = request_.variables.find(name);
      variables_size_ -= SizeOf(variable->second);
      request_.variables.erase(variable);
    }
    return flow;
  }

  absl::StatusOr<Flow> RunOne(const Statement& statement) {
    if (request_.cancellation != nullptr) BQCDC_RETURN_IF_ERROR(request_.cancellation->status());
    switch (statement.kind) {
      case StatementKind::kSet: {
        const absl::Status status = Set(As<SetStatement>(statement));
        if (!status.ok()) return ScriptError(status, statement.position);
        return Flow::kNext;
      }
      case StatementKind::kBlock: {
        const auto& block = As<BlockStatement>(statement);
        auto flow = RunBlock(block.statements);
        if (flow.ok() || !block.handler || absl::IsCancelled(flow.status())) return flow;
        return RunBlock(*block.handler);
      }
      case StatementKind::kIf:
        return RunIf(As<IfStatement>(statement));
      case StatementKind::kLoop:
        return RunLoop(As<LoopStatement>(statement));
      case StatementKind::kJump:
        switch (As<JumpStatement>(statement).jump) {
          case Jump::kBreak:
            return Flow::kBreak;
          case Jump::kContinue:
            return Flow::kContinue;
          case Jump::kReturn:
            return Flow::kReturn;
        }
        return Flow::kNext;
      default:
        return RunPlain(statement);
    }
  }

  absl::StatusOr<Flow> RunPlain(const Statement& statement) {
    if (++statement_count_ > kScriptStatementsMax) {
      return ErrorAt(statement.position, "Not supported by this server: a script that runs more than ",
                     kScriptStatementsMax, " statements");
    }
    ScriptObserver* const observer = request_.script_observer.get();
    if (observer != nullptr) observer->Begin(DescribeStatement(request_.text, statement));
    auto outcome = run_(StatementContext{database_, request_}, statement);
    if (!outcome.ok()) {
      if (observer != nullptr) observer->End(outcome.status());
      return ScriptError(outcome.status(), statement.position);
    }
    last_ = std::make_shared<const QueryOutcome>(*std::move(outcome));
    if (observer != nullptr) observer->End(last_);
    return Flow::kNext;
  }

  absl::StatusOr<Flow> RunIf(const IfStatement& statement) {
    for (const IfBranch& branch : statement.branches) {
      if (branch.condition != nullptr) {
        BQCDC_ASSIGN_OR_RETURN(const bool holds, Holds(*branch.condition));
        if (!holds) continue;
      }
      return RunBlock(branch.statements);
    }
    return Flow::kNext;
  }

  absl::StatusOr<Flow> RunLoop(const LoopStatement& statement) {
    while (true) {
      if (request_.cancellation != nullptr) BQCDC_RETURN_IF_ERROR(request_.cancellation->status());
      if (statement.condition != nullptr) {
        BQCDC_ASSIGN_OR_RETURN(const bool holds, Holds(*statement.condition));
        if (!holds) return Flow::kNext;
      } else {
        BQCDC_RETURN_IF_ERROR(CountExpression(statement.position));
      }
      BQCDC_ASSIGN_OR_RETURN(const Flow flow, RunBlock(statement.statements));
      if (flow == Flow::kReturn) return flow;
      if (flow == Flow::kBreak) return Flow::kNext;
    }
  }

  absl::Status CountExpression(const Position& position) {
    if (++expression_count_ <= kScriptExpressionsMax) return absl::OkStatus();
    return ErrorAt(position, "Not supported by this server: a script that evaluates more than ",
                   kScriptExpressionsMax, " conditions and assignments");
  }

  // Of the type that is wanted; unset: its own.
  absl::StatusOr<Value> Evaluate(const Expression& expression, const std::optional<Type>& type) {
    BQCDC_RETURN_IF_ERROR(CountExpression(expression.position));
    BQCDC_ASSIGN_OR_RETURN(const auto evaluation, Evaluation::Begin(database_, request_));
    BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr value,
                           type ? evaluation->analyzer().AnalyzeConstant(expression, *type)
                                : evaluation->analyzer().AnalyzeConstant(expression));
    return evaluation->Constant(*value);
  }

  absl::StatusOr<bool> Holds(const Expression& condition) {
    const absl::StatusOr<Value> value = Evaluate(condition, Type(TypeKind::kBool));
    if (!value.ok()) return ScriptError(value.status(), condition.position);
    return !value->is_null && std::get<bool>(value->scalar);
  }

  absl::Status Declare(const DeclareStatement& statement, std::vector<std::string>& declared) {
    std::optional<Type> type;
    if (statement.type != nullptr) {
      BQCDC_ASSIGN_OR_RETURN(const auto evaluation, Evaluation::Begin(database_, request_));
      BQCDC_ASSIGN_OR_RETURN(type, evaluation->analyzer().ResolveType(*statement.type));
    }
    Value value;
    if (statement.default_value != nullptr) {
      BQCDC_ASSIGN_OR_RETURN(value, Evaluate(*statement.default_value, type));
    } else {
      value = Value::Null(*type);
    }
    for (const Identifier& name : statement.names) {
      const std::string lower = absl::AsciiStrToLower(name.text);
      const auto [variable, is_new] = request_.variables.emplace(lower, Value::Null(value.type));
      if (!is_new) return ErrorAt(name.position, "Variable '", name.text, "' redeclaration is not allowed");
      declared.push_back(lower);
      BQCDC_RETURN_IF_ERROR(Assign(variable->second, value, name));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Value*> FindVariable(const Identifier& name) {
    const auto found = request_.variables.find(absl::AsciiStrToLower(name.text));
    if (found == request_.variables.end()) return ErrorAt(name.position, "Undeclared variable: ", name.text);
    return &found->second;
  }

  absl::Status Assign(Value& variable, Value value, const Identifier& name) {
    const int64_t size = SizeOf(value);
    const int64_t all = variables_size_ - SizeOf(variable) + size;
    if (size > kScriptVariableBytesMax || all > kScriptVariablesBytesMax) {
      return ErrorAt(name.position, "Variable ", name.text, " is too large: a variable may have ",
                     kScriptVariableBytesMax, " bytes, all of a script ", kScriptVariablesBytesMax);
    }
    variables_size_ = all;
    variable = std::move(value);
    return absl::OkStatus();
  }

  absl::Status Set(const SetStatement& statement) {
    std::vector<Value*> variables;
    std::vector<StructField> fields;
    for (const Identifier& name : statement.names) {
      BQCDC_ASSIGN_OR_RETURN(Value * variable, FindVariable(name));
      variables.push_back(variable);
      fields.push_back({"", variable->type});
    }
    if (!statement.of_struct) {
      BQCDC_ASSIGN_OR_RETURN(Value value, Evaluate(*statement.value, variables[0]->type));
      return Assign(*variables[0], std::move(value), statement.names[0]);
    }
    // One variable for each field.
    const Type wanted = Type::Struct(std::move(fields));
    BQCDC_ASSIGN_OR_RETURN(Value row, Evaluate(*statement.value, wanted));
    if (row.is_null) return ErrorAt(statement.value->position, "Cannot unpack NULL into variables");
    for (size_t i = 0; i < variables.size(); ++i)
      BQCDC_RETURN_IF_ERROR(Assign(*variables[i], std::move(row.children[i]), statement.names[i]));
    return absl::OkStatus();
  }

  engine::Database& database_;
  QueryRequest request_;  // with the variables
  const StatementRunner& run_;
  std::shared_ptr<const QueryOutcome> last_;
  int statement_count_ = 0;
  int expression_count_ = 0;
  int64_t variables_size_ = 0;
};

}  // namespace

absl::StatusOr<QueryOutcome> RunScript(engine::Database& database, const QueryRequest& request,
                                       const Script& script, const StatementRunner& run) {
  return ScriptRunner(database, request, run).Run(script);
}

}  // namespace bqcdc::emulator::sql
