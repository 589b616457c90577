#pragma once

#include <optional>
#include <vector>

#include "bqcdc/emulator/sql/types/type.h"

// GoogleSQL's conversion rules
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules).
namespace bqcdc::emulator::sql {

// An expression as overload resolution sees it.
struct ArgumentType {
  Type type;
  bool is_literal = false;               // a literal or a query parameter
  bool is_untyped = false;               // NULL, or [] without an element type: fits every (array) type
  std::vector<ArgumentType> parts = {};  // of a constructor: each field, or element, on its own
};

enum class Coercion {
  kExact,
  kLiteral,   // possible because the argument is a literal
  kImplicit,  // possible for every expression of the type
  kNone,
};

// An element of an array argument, as if it stood beside the elements of others: of a literal a literal, of
// which the fields are none.
ArgumentType ElementOf(const ArgumentType& array);

Coercion FindCoercion(const ArgumentType& from, const Type& to);

// Whether CAST converts between the types at all.
bool CastExists(const Type& from, const Type& to);

// The type that CASE, COALESCE, UNION, IN and array constructors give to arguments of these types; unset
// where there is none. Literals follow the other arguments where they can. INT64 where every argument is an
// untyped NULL.
std::optional<Type> FindSupertype(const std::vector<ArgumentType>& arguments);

}  // namespace bqcdc::emulator::sql
