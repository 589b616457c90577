#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/sql/parser/position.h"

namespace bqcdc::emulator::sql {

struct Expression;
struct ColumnAttributes;
struct TypeName;

using TypeNamePtr = std::unique_ptr<TypeName>;

enum class TypeNameKind {
  kSimple,  // INT64, STRING(10), a path of names
  kArray,   // ARRAY<element>
  kStruct,  // STRUCT<[name] type, ...>
  kRange,   // RANGE<element>
};

// A field of STRUCT<...>. The name is absent in anonymous fields. `attributes` is set in DDL only, where a
// nested field may carry NOT NULL, COLLATE, DEFAULT and OPTIONS.
struct StructTypeField {
  StructTypeField();
  ~StructTypeField();
  StructTypeField(StructTypeField&&) noexcept;
  StructTypeField& operator=(StructTypeField&&) noexcept;

  std::optional<Identifier> name;
  TypeNamePtr type;
  std::unique_ptr<ColumnAttributes> attributes;
};

// A type as written; names are neither resolved nor folded in case.
struct TypeName {
  TypeName();
  ~TypeName();

  TypeNameKind kind = TypeNameKind::kSimple;
  Position position;

  // kSimple: the dotted name, mostly one part.
  std::vector<Identifier> name;
  // kSimple: STRING(10) -> {"10"}, NUMERIC(10, 2) -> {"10", "2"}; "MAX" where written so.
  std::vector<std::string> parameters;
  // kArray, kRange.
  TypeNamePtr element;
  // kStruct; may be empty.
  std::vector<StructTypeField> fields;
  // COLLATE 'x' behind the type (column definitions, CAST never).
  std::optional<std::string> collate;
};

}  // namespace bqcdc::emulator::sql
