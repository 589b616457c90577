#include "bqcdc/emulator/sql/types/type.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"

namespace bqcdc::emulator::sql {

struct Type::Parts {
  std::vector<StructField> fields;  // one unnamed field: the element of ARRAY or RANGE
};

Type Type::Array(Type element) {
  Type type(TypeKind::kArray);
  auto parts = std::make_shared<Parts>();
  parts->fields.push_back({"", std::move(element)});
  type.parts_ = std::move(parts);
  return type;
}

Type Type::Range(Type element) {
  Type type = Array(std::move(element));
  type.kind_ = TypeKind::kRange;
  return type;
}

Type Type::Struct(std::vector<StructField> fields) {
  Type type(TypeKind::kStruct);
  auto parts = std::make_shared<Parts>();
  parts->fields = std::move(fields);
  type.parts_ = std::move(parts);
  return type;
}

bool Type::is_numeric() const {
  return kind_ == TypeKind::kInt64 || kind_ == TypeKind::kFloat64 || kind_ == TypeKind::kNumeric ||
         kind_ == TypeKind::kBigNumeric;
}

bool Type::IsRangeElement() const {
  return kind_ == TypeKind::kDate || kind_ == TypeKind::kDatetime || kind_ == TypeKind::kTimestamp;
}

const Type& Type::element() const {
  assert(parts_ && parts_->fields.size() == 1);
  return parts_->fields[0].type;
}

const std::vector<StructField>& Type::fields() const {
  assert(kind_ == TypeKind::kStruct);
  return parts_->fields;
}

bool Type::Same(const Type& other, bool with_names) const {
  if (kind_ != other.kind_) return false;
  if (parts_ == other.parts_) return true;
  if (!parts_ || !other.parts_ || parts_->fields.size() != other.parts_->fields.size()) return false;
  for (size_t i = 0; i < parts_->fields.size(); ++i) {
    const StructField& a = parts_->fields[i];
    const StructField& b = other.parts_->fields[i];
    if (with_names && !absl::EqualsIgnoreCase(a.name, b.name)) return false;
    if (!a.type.Same(b.type, with_names)) return false;
  }
  return true;
}

bool Type::operator==(const Type& other) const { return Same(other, true); }
bool Type::Equivalent(const Type& other) const { return Same(other, false); }

std::string_view TypeKindName(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return "BOOL";
    case TypeKind::kInt64:
      return "INT64";
    case TypeKind::kFloat64:
      return "FLOAT64";
    case TypeKind::kNumeric:
      return "NUMERIC";
    case TypeKind::kBigNumeric:
      return "BIGNUMERIC";
    case TypeKind::kString:
      return "STRING";
    case TypeKind::kBytes:
      return "BYTES";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kDatetime:
      return "DATETIME";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
    case TypeKind::kPicoTimestamp:
      return "TIMESTAMP(12)";
    case TypeKind::kJson:
      return "JSON";
    case TypeKind::kInterval:
      return "INTERVAL";
    case TypeKind::kGeography:
      return "GEOGRAPHY";
    case TypeKind::kArray:
      return "ARRAY";
    case TypeKind::kStruct:
      return "STRUCT";
    case TypeKind::kRange:
      return "RANGE";
  }
  return "UNKNOWN";
}

std::string Type::ToString() const {
  std::string text(TypeKindName(kind_));
  if (!parts_) return text;
  base::StrAppend(&text, "<");
  for (size_t i = 0; i < parts_->fields.size(); ++i) {
    const StructField& field = parts_->fields[i];
    if (i > 0) base::StrAppend(&text, ", ");
    if (!field.name.empty()) base::StrAppend(&text, QuoteIdentifier(field.name), " ");
    base::StrAppend(&text, field.type.ToString());
  }
  base::StrAppend(&text, ">");
  return text;
}

bool Type::SupportsOrdering() const {
  switch (kind_) {
    case TypeKind::kJson:
    case TypeKind::kGeography:
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return false;
    default:
      return true;
  }
}

bool Type::SupportsEquality() const {
  if (kind_ == TypeKind::kStruct) {
    return std::all_of(parts_->fields.begin(), parts_->fields.end(),
                       [](const StructField& field) { return field.type.SupportsEquality(); });
  }
  return kind_ != TypeKind::kJson && kind_ != TypeKind::kGeography && kind_ != TypeKind::kArray;
}

bool Type::SupportsGrouping() const {
  if (kind_ == TypeKind::kArray) return element().SupportsGrouping();
  if (kind_ == TypeKind::kStruct) {
    return std::all_of(parts_->fields.begin(), parts_->fields.end(),
                       [](const StructField& field) { return field.type.SupportsGrouping(); });
  }
  return kind_ != TypeKind::kJson && kind_ != TypeKind::kGeography;
}

bool Type::ContainsFloat() const {
  if (kind_ == TypeKind::kFloat64) return true;
  if (!parts_) return false;
  return std::any_of(parts_->fields.begin(), parts_->fields.end(),
                     [](const StructField& field) { return field.type.ContainsFloat(); });
}

}  // namespace bqcdc::emulator::sql
