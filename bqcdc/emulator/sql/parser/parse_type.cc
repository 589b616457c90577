// Types, with the attributes that fields of STRUCT columns may have in DDL.

#include <string>
#include <utility>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<TypeNamePtr> Parser::ParseType() { return ParseTypeOf(/*in_column=*/false); }

absl::StatusOr<TypeNamePtr> Parser::ParseColumnType() { return ParseTypeOf(/*in_column=*/true); }

absl::StatusOr<TypeNamePtr> Parser::ParseTypeOf(bool in_column) {
  const Nesting nesting(*this);
  BQCDC_RETURN_IF_ERROR(nesting.status());
  auto type = Make<TypeName>();
  if (tokens_.IsWord("ARRAY") || tokens_.IsWord("RANGE")) {
    type->kind = tokens_.IsWord("ARRAY") ? TypeNameKind::kArray : TypeNameKind::kRange;
    tokens_.Take();
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("<"));
    BQCDC_ASSIGN_OR_RETURN(type->element, ParseTypeOf(in_column));
    BQCDC_RETURN_IF_ERROR(tokens_.ExpectClosingAngle());
    return type;
  }
  if (tokens_.TakeWord("STRUCT")) {
    type->kind = TypeNameKind::kStruct;
    BQCDC_RETURN_IF_ERROR(ParseStructFields(*type, in_column));
    return type;
  }
  if (tokens_.IsWord("INTERVAL")) {
    const Token& word = tokens_.Take();
    type->name.push_back({std::string(word.image), word.position, false});
    return type;
  }
  BQCDC_ASSIGN_OR_RETURN(type->name, ParsePath());
  if (tokens_.IsSymbol("(")) BQCDC_RETURN_IF_ERROR(ParseTypeParameters(*type));
  return type;
}

absl::Status Parser::ParseStructFields(TypeName& type, bool in_column) {
  if (tokens_.TakeSymbol("<>")) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("<"));
  if (tokens_.IsSymbol(">") || tokens_.IsSymbol(">>")) return tokens_.ExpectClosingAngle();
  do {
    StructTypeField field;
    const bool type_follows = tokens_.IsName(1) || tokens_.IsWord("ARRAY", 1) ||
                              tokens_.IsWord("STRUCT", 1) || tokens_.IsWord("RANGE", 1) ||
                              tokens_.IsWord("INTERVAL", 1);
    // In DDL, an anonymous field may be followed by OPTIONS(...): then the name is a type.
    const bool options_follow = tokens_.IsWord("OPTIONS", 1) && tokens_.IsSymbol("(", 2);
    if (tokens_.IsName() && type_follows && !options_follow) {
      BQCDC_ASSIGN_OR_RETURN(field.name, ParseName());
    }
    BQCDC_ASSIGN_OR_RETURN(field.type, ParseTypeOf(in_column));
    if (in_column) {
      field.attributes = std::make_unique<ColumnAttributes>();
      BQCDC_RETURN_IF_ERROR(ParseColumnAttributes(*field.type, *field.attributes));
    }
    type.fields.push_back(std::move(field));
  } while (tokens_.TakeSymbol(","));
  return tokens_.ExpectClosingAngle();
}

// (10), (10, 2), (MAX).
absl::Status Parser::ParseTypeParameters(TypeName& type) {
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  do {
    if (tokens_.Peek().kind == TokenKind::kInteger) {
      type.parameters.emplace_back(tokens_.Take().image);
    } else if (tokens_.TakeWord("MAX")) {
      type.parameters.emplace_back("MAX");
    } else {
      return tokens_.Unexpected();
    }
  } while (tokens_.TakeSymbol(","));
  return tokens_.ExpectSymbol(")");
}

}  // namespace bqcdc::emulator::sql
