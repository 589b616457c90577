#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"

// Values of every type for histories, and what a change of the schema does to them.
namespace bqcdc::oracle {

// Equal values are equal here, so that the oracle compares without knowing types: a scalar is a text that is
// the same for equal values (integers and times as decimal numbers, decimals without trailing zeros, doubles
// as FloatText), a STRUCT its fields, a RANGE its two ends, an ARRAY its elements. An empty ARRAY is NULL.
struct Value {
  bool null = true;
  std::string text = {};
  std::vector<Value> parts = {};

  bool operator==(const Value&) const = default;
};
std::strong_ordering operator<=>(const Value& a, const Value& b);

inline Value Scalar(std::string text) { return {.null = false, .text = std::move(text)}; }
inline Value Composite(std::vector<Value> parts) { return {.null = false, .parts = std::move(parts)}; }

using Cells = std::map<std::string, Value>;  // by column; what is left out is NULL

// A column comes, goes, gets fields, becomes wider or is no longer REQUIRED.
struct SchemaChange {
  std::optional<schema::Column> before = {};
  std::optional<schema::Column> after = {};
};

void Adapt(const SchemaChange& change, std::vector<schema::Column>& columns);
void Adapt(const SchemaChange& change, Cells& cells);

std::string IntegerText(__int128 value);
// The shortest digits that read back the same; one text for every NaN, and one for both zeros: they are equal
// in SQL, and DuckDB keeps one of the two where a column's values are all equal.
std::string FloatText(double value);

// For a person: control characters and what is not ASCII in hexadecimal.
std::string Print(const Value& value);
std::string Print(const Cells& cells);
std::string Print(const SchemaChange& change);

}  // namespace bqcdc::oracle
