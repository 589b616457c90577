#include "bqcdc/emulator/sql/parser/testing/reparse.h"

#include <string>
#include <string_view>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/unparser.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr UnparseOptions kAllParentheses{.all_parentheses = true};

std::string MessageOf(const absl::Status& status) { return std::string(base::ToStd(status.message())); }

// `node` was parsed from what the caller gave; `parse` parses another text of its kind.
std::string Reparse(const auto& node, const auto& parse) {
  const std::string want = Unparse(node, kAllParentheses);
  for (const std::string& text : {Unparse(node), want}) {
    const auto again = parse(text);
    if (!again.ok()) {
      const std::string message = MessageOf(again.status());
      // Every parenthesis is a level, so with all of them what is half as deep as a text may be is too deep.
      if (text == want && message.find("nested too deeply") != std::string::npos) continue;
      return base::StrCat("REPARSE failed: ", text, ": ", message);
    }
    const std::string got = Unparse(**again, kAllParentheses);
    if (got != want) return base::StrCat("REPARSE differs: ", text, " gives ", got, ", not ", want);
  }
  return want;
}

}  // namespace

std::string ReparseScript(std::string_view text) {
  const absl::StatusOr<Script> script = ParseScript(text);
  if (!script.ok()) return MessageOf(script.status());
  std::string texts;
  for (const StatementPtr& statement : script->statements) {
    if (!texts.empty()) texts += "; ";
    texts += statement->kind == StatementKind::kUnsupported ? base::StrCat("<", Unparse(*statement), ">")
                                                            : Reparse(*statement, ParseStatement);
  }
  return texts;
}

std::string ReparseExpression(std::string_view text) {
  const absl::StatusOr<ExpressionPtr> expression = ParseExpression(text);
  return expression.ok() ? Reparse(**expression, ParseExpression) : MessageOf(expression.status());
}

std::string ReparseType(std::string_view text) {
  const absl::StatusOr<TypeNamePtr> type = ParseType(text);
  return type.ok() ? Reparse(**type, ParseType) : MessageOf(type.status());
}

}  // namespace bqcdc::emulator::sql
