#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::emulator::sql {

// The kinds of GoogleSQL types as expressions have them (lengths and precisions belong to columns, not to
// expressions). https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
enum class TypeKind {
  kBool,
  kInt64,
  kFloat64,
  kNumeric,
  kBigNumeric,
  kString,
  kBytes,
  kDate,
  kDatetime,
  kTime,
  kTimestamp,
  kPicoTimestamp,  // TIMESTAMP(12)
  kJson,
  kInterval,
  kGeography,
  kArray,
  kStruct,
  kRange,
};

struct StructField;

// A type by value; cheap to copy. ARRAY and STRUCT share their immutable parts.
class Type {
 public:
  Type() : kind_(TypeKind::kInt64) {}
  Type(TypeKind kind) : kind_(kind) {}  // NOLINT: a scalar kind is a type
  static Type Array(Type element);
  static Type Range(Type element);
  static Type Struct(std::vector<StructField> fields);

  TypeKind kind() const { return kind_; }
  bool is(TypeKind kind) const { return kind_ == kind; }
  bool is_array() const { return kind_ == TypeKind::kArray; }
  bool is_struct() const { return kind_ == TypeKind::kStruct; }
  // INT64, NUMERIC, BIGNUMERIC, FLOAT64.
  bool is_numeric() const;
  // DATE, DATETIME, TIMESTAMP.
  bool IsRangeElement() const;
  // REQUIRES: ARRAY or RANGE.
  const Type& element() const;
  // REQUIRES: STRUCT.
  const std::vector<StructField>& fields() const;

  // Same kind, and for STRUCT the same field names (without regard to case) and types.
  bool operator==(const Type& other) const;
  // As ==, but field names do not count.
  bool Equivalent(const Type& other) const;

  // GoogleSQL's spelling: `ARRAY<STRUCT<a INT64>>`.
  std::string ToString() const;

  // Whether values can be sorted, compared for equality, grouped.
  bool SupportsOrdering() const;
  bool SupportsEquality() const;
  bool SupportsGrouping() const;

  // A FLOAT64 at the top or below.
  bool ContainsFloat() const;

 private:
  struct Parts;
  bool Same(const Type& other, bool with_names) const;
  TypeKind kind_;
  std::shared_ptr<const Parts> parts_;
};

struct StructField {
  std::string name;  // may be empty
  Type type;
};

// The name of a scalar kind, e.g. "INT64".
std::string_view TypeKindName(TypeKind kind);

}  // namespace bqcdc::emulator::sql
