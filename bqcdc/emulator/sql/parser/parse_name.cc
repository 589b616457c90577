// Names, paths and table paths.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/lexer.h"
#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

Identifier ToIdentifier(const Token& token) {
  const bool quoted = token.kind == TokenKind::kQuotedIdentifier;
  return {quoted ? token.value : std::string(token.image), token.position, quoted};
}

bool IsDashedCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; }

// Appends the names of "a.b.c". The project of a domain, "example.com:p", keeps its dots.
absl::Status AppendSplit(std::string_view text, const Identifier& source, std::vector<Identifier>& names) {
  const size_t colon = text.find(':');
  size_t start = 0;
  while (true) {
    const size_t search_from = start == 0 && colon != std::string_view::npos ? colon : start;
    const size_t dot = text.find('.', search_from);
    const std::string_view part = text.substr(start, dot == std::string_view::npos ? dot : dot - start);
    if (part.empty()) return SyntaxError("Invalid empty identifier", source.position);
    names.push_back({std::string(part), source.position, source.quoted});
    if (dot == std::string_view::npos) return absl::OkStatus();
    start = dot + 1;
  }
}

}  // namespace

absl::StatusOr<Identifier> Parser::ParseName() {
  if (!tokens_.IsName()) return tokens_.Unexpected();
  return ToIdentifier(tokens_.Take());
}

absl::StatusOr<Identifier> Parser::ParseMemberName() {
  if (!tokens_.IsName() && tokens_.Peek().kind != TokenKind::kReserved) return tokens_.Unexpected();
  return ToIdentifier(tokens_.Take());
}

absl::StatusOr<std::optional<Identifier>> Parser::ParseAlias() {
  if (!tokens_.TakeWord("AS") && !tokens_.IsName()) return std::nullopt;
  BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseName());
  return name;
}

absl::StatusOr<std::vector<Identifier>> Parser::ParsePath() {
  std::vector<Identifier> names;
  BQCDC_ASSIGN_OR_RETURN(Identifier first, ParseName());
  names.push_back(std::move(first));
  while (tokens_.IsSymbol(".") && !tokens_.IsSymbol("*", 1) && !tokens_.IsSymbol("(", 1)) {
    tokens_.Take();
    BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseMemberName());
    names.push_back(std::move(name));
  }
  return names;
}

absl::StatusOr<std::vector<Identifier>> Parser::ParseNameList() {
  std::vector<Identifier> names;
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  do {
    BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseName());
    names.push_back(std::move(name));
  } while (tokens_.TakeSymbol(","));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return names;
}

// my-project.dataset.table: the lexer saw minus signs and numbers, so the text is read again, up to the last
// character that such a path may hold.
absl::Status Parser::AppendDashedNames(std::vector<Identifier>& names) {
  const Token& first = tokens_.Peek();
  const Position position = first.position;
  size_t end = static_cast<size_t>(position.offset);
  while (end < text_.size() && IsDashedCharacter(text_[end]) && text_.substr(end, 2) != "--") ++end;
  while (text_[end - 1] == '.') --end;
  const std::string_view run = text_.substr(position.offset, end - position.offset);
  const std::string_view project = run.substr(0, run.find('.'));
  const std::string_view rest = run.substr(project.size());
  if (project.ends_with('-') || rest.find('-') != std::string_view::npos) {
    tokens_.Take();
    return tokens_.Unexpected();
  }
  BQCDC_RETURN_IF_ERROR(AppendSplit(run, {"", position, false}, names));
  tokens_.SkipToOffset(static_cast<int>(end));
  return absl::OkStatus();
}

absl::StatusOr<TablePath> Parser::ParseTablePath() {
  TablePath path;
  path.position = tokens_.position();
  const bool dashed = tokens_.Peek().kind == TokenKind::kIdentifier && tokens_.IsSymbol("-", 1) &&
                      tokens_.IsAdjacent(1) && tokens_.IsAdjacent(2);
  std::vector<Identifier> names;
  if (dashed) {
    BQCDC_RETURN_IF_ERROR(AppendDashedNames(names));
    while (tokens_.TakeSymbol(".")) {
      BQCDC_ASSIGN_OR_RETURN(Identifier name, ParseMemberName());
      names.push_back(std::move(name));
    }
  } else {
    BQCDC_ASSIGN_OR_RETURN(names, ParsePath());
  }
  BQCDC_ASSIGN_OR_RETURN(path.names, SplitQuotedPath(std::move(names)));
  return path;
}

absl::StatusOr<std::vector<Identifier>> Parser::SplitQuotedPath(std::vector<Identifier> names) {
  std::vector<Identifier> split;
  for (Identifier& name : names) {
    if (name.quoted) {
      BQCDC_RETURN_IF_ERROR(AppendSplit(name.text, name, split));
    } else {
      split.push_back(std::move(name));
    }
  }
  return split;
}

absl::StatusOr<std::string> Parser::ParseStringText() {
  if (tokens_.Peek().kind != TokenKind::kString) return tokens_.Expected("string literal");
  return tokens_.Take().value;
}

}  // namespace bqcdc::emulator::sql
