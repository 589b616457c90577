#include "bqcdc/emulator/sql/types/coercion.h"

#include <algorithm>

namespace bqcdc::emulator::sql {
namespace {

using K = TypeKind;

// Numeric kinds in the order of INT64 -> NUMERIC -> BIGNUMERIC -> FLOAT64; 0 for others.
int NumericRank(K kind) {
  switch (kind) {
    case K::kInt64:
      return 1;
    case K::kNumeric:
      return 2;
    case K::kBigNumeric:
      return 3;
    case K::kFloat64:
      return 4;
    default:
      return 0;
  }
}

bool ScalarImplicit(K from, K to) {
  if (NumericRank(from) > 0 && NumericRank(to) > 0) return NumericRank(from) < NumericRank(to);
  return (from == K::kDate && to == K::kDatetime) || (from == K::kTimestamp && to == K::kPicoTimestamp);
}

bool ScalarLiteral(K from, K to) {
  if (from == K::kString) {
    return to == K::kDate || to == K::kDatetime || to == K::kTime || to == K::kTimestamp ||
           to == K::kPicoTimestamp;
  }
  return from == K::kFloat64 && (to == K::kNumeric || to == K::kBigNumeric);
}

// Fields keep the names of the first one, at every depth.
std::optional<Type> PairSupertype(const Type& a, const Type& b) {
  if (a.Equivalent(b)) return a;
  if (a.is_struct() && b.is_struct() && a.fields().size() == b.fields().size()) {
    std::vector<StructField> fields;
    for (size_t i = 0; i < a.fields().size(); ++i) {
      std::optional<Type> type = PairSupertype(a.fields()[i].type, b.fields()[i].type);
      if (!type) return std::nullopt;
      fields.push_back({a.fields()[i].name, *std::move(type)});
    }
    return Type::Struct(std::move(fields));
  }
  if (ScalarImplicit(a.kind(), b.kind())) return b;
  if (ScalarImplicit(b.kind(), a.kind())) return a;
  return std::nullopt;
}

// `type` with the names of fields that `names` has in their places. What is no such place (of an untyped NULL
// or []) keeps its own.
Type WithNamesOf(const Type& names, const Type& type) {
  if (type.is_array() && names.is_array()) return Type::Array(WithNamesOf(names.element(), type.element()));
  if (!type.is_struct() || !names.is_struct() || type.fields().size() != names.fields().size()) return type;
  std::vector<StructField> fields = type.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = {names.fields()[i].name, WithNamesOf(names.fields()[i].type, fields[i].type)};
  }
  return Type::Struct(std::move(fields));
}

}  // namespace

ArgumentType ElementOf(const ArgumentType& array) {
  const Type& element = array.type.element();
  return {element, array.is_literal && !element.is_struct(), array.is_untyped};
}

Coercion FindCoercion(const ArgumentType& from, const Type& to) {
  const Type& type = from.type;
  if (from.is_untyped && (!type.is_array() || to.is_array())) return Coercion::kLiteral;
  if (type == to) return Coercion::kExact;
  if (type.is_struct() && to.is_struct() && type.fields().size() == to.fields().size()) {
    Coercion worst = Coercion::kImplicit;
    for (size_t i = 0; i < type.fields().size(); ++i) {
      const ArgumentType field =
          i < from.parts.size() ? from.parts[i] : ArgumentType{type.fields()[i].type, from.is_literal};
      if (FindCoercion(field, to.fields()[i].type) == Coercion::kNone) return Coercion::kNone;
    }
    return worst;
  }
  if (type.is_array() && to.is_array()) {
    if (type.element().Equivalent(to.element())) return Coercion::kImplicit;
    if (from.is_literal && !from.parts.empty()) {
      for (const ArgumentType& element : from.parts) {
        if (FindCoercion(element, to.element()) == Coercion::kNone) return Coercion::kNone;
      }
      return Coercion::kLiteral;
    }
    if (from.is_literal && FindCoercion({type.element(), true}, to.element()) != Coercion::kNone) {
      return Coercion::kLiteral;
    }
    return Coercion::kNone;
  }
  if (ScalarImplicit(type.kind(), to.kind())) return Coercion::kImplicit;
  if (from.is_literal && ScalarLiteral(type.kind(), to.kind())) return Coercion::kLiteral;
  return Coercion::kNone;
}

bool CastExists(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.is_array() || to.is_array()) {
    return from.is_array() && to.is_array() && CastExists(from.element(), to.element());
  }
  if (from.is(K::kRange) || to.is(K::kRange)) return from.is(K::kString) || to.is(K::kString);
  if (from.is_struct() || to.is_struct()) {
    if (!from.is_struct() || !to.is_struct() || from.fields().size() != to.fields().size()) return false;
    for (size_t i = 0; i < from.fields().size(); ++i) {
      if (!CastExists(from.fields()[i].type, to.fields()[i].type)) return false;
    }
    return true;
  }
  const K a = from.kind();
  const K b = to.kind();
  if (NumericRank(a) > 0 && NumericRank(b) > 0) return true;
  if (a == K::kPicoTimestamp || b == K::kPicoTimestamp) {
    const K other = a == K::kPicoTimestamp ? b : a;
    return other == K::kTimestamp || other == K::kString;
  }
  const auto is_time = [](K kind) {
    return kind == K::kDate || kind == K::kDatetime || kind == K::kTime || kind == K::kTimestamp;
  };
  if (a == K::kString) {
    return NumericRank(b) > 0 || is_time(b) || b == K::kBool || b == K::kBytes || b == K::kInterval;
  }
  if (b == K::kString) {
    return NumericRank(a) > 0 || is_time(a) || a == K::kBool || a == K::kBytes || a == K::kInterval;
  }
  if ((a == K::kBool && b == K::kInt64) || (a == K::kInt64 && b == K::kBool)) return true;
  if (is_time(a) && is_time(b)) {
    if (a == K::kTime) return false;
    if (a == K::kDate) return b != K::kTime;
    return true;
  }
  return false;
}

namespace {

std::optional<Type> WholeSupertype(const std::vector<ArgumentType>& arguments) {
  std::optional<Type> result;
  // What is no literal decides first; literals then follow, or widen the type.
  for (const ArgumentType& argument : arguments) {
    if (argument.is_untyped || argument.is_literal) continue;
    result = result ? PairSupertype(*result, argument.type) : argument.type;
    if (!result) return std::nullopt;
  }
  const bool has_expression = result.has_value();
  for (const ArgumentType& argument : arguments) {
    if (argument.is_untyped || !argument.is_literal) continue;
    if (!result) {
      result = argument.type;
      continue;
    }
    if (has_expression && FindCoercion(argument, *result) != Coercion::kNone) continue;
    std::optional<Type> wider = PairSupertype(*result, argument.type);
    if (!wider && !has_expression) {
      // Between literals only: '2020-01-01' beside DATE '2020-01-02'.
      if (FindCoercion(argument, *result) != Coercion::kNone) continue;
      if (FindCoercion({*result, true}, argument.type) != Coercion::kNone) wider = argument.type;
    }
    if (!wider) return std::nullopt;
    result = wider;
  }
  if (result) return result;
  for (const ArgumentType& argument : arguments) {
    if (argument.type.is_array()) return argument.type;
  }
  return Type(K::kInt64);
}

// Of ARRAYs by their elements: only literals become arrays of another type.
std::optional<Type> ArraySupertype(const std::vector<ArgumentType>& arguments) {
  std::vector<ArgumentType> elements;
  for (const ArgumentType& argument : arguments) {
    if (argument.is_untyped) continue;
    if (!argument.type.is_array()) return std::nullopt;
    elements.push_back(ElementOf(argument));
  }
  const std::optional<Type> element = FindSupertype(elements);
  if (!element) return std::nullopt;
  const Type type = Type::Array(*element);
  for (const ArgumentType& argument : arguments) {
    if (FindCoercion(argument, type) == Coercion::kNone) return std::nullopt;
  }
  return type;
}

// Of STRUCTs field by field, where constructors have fields that fit by themselves: (1, NULL) beside (1,
// 'a').
std::optional<Type> FieldwiseSupertype(const std::vector<ArgumentType>& arguments) {
  const Type* shape = nullptr;
  bool constructed = false;
  for (const ArgumentType& argument : arguments) {
    if (argument.is_untyped) continue;
    if (!argument.type.is_struct()) return std::nullopt;
    if (shape == nullptr) shape = &argument.type;
    if (argument.type.fields().size() != shape->fields().size()) return std::nullopt;
    constructed = constructed || !argument.parts.empty();
  }
  if (shape == nullptr || !constructed) return std::nullopt;
  std::vector<StructField> fields = shape->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    std::vector<ArgumentType> parts;
    for (const ArgumentType& argument : arguments) {
      if (argument.is_untyped) continue;
      parts.push_back(i < argument.parts.size()
                          ? argument.parts[i]
                          : ArgumentType{argument.type.fields()[i].type, argument.is_literal});
    }
    const std::optional<Type> type = FindSupertype(parts);
    if (!type) return std::nullopt;
    fields[i].type = *type;
  }
  return Type::Struct(std::move(fields));
}

}  // namespace

std::optional<Type> FindSupertype(const std::vector<ArgumentType>& arguments) {
  const bool has_array = std::any_of(arguments.begin(), arguments.end(), [](const ArgumentType& argument) {
    return !argument.is_untyped && argument.type.is_array();
  });
  const std::optional<Type> whole = has_array ? ArraySupertype(arguments) : WholeSupertype(arguments);
  if (!whole) return FieldwiseSupertype(arguments);
  // Fields are called as in the first argument, whichever of them decides the types.
  const auto first = std::find_if(arguments.begin(), arguments.end(),
                                  [](const ArgumentType& argument) { return !argument.is_untyped; });
  return first == arguments.end() ? whole : WithNamesOf(first->type, *whole);
}

}  // namespace bqcdc::emulator::sql
