#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// A parsed JSON text that keeps the order of members and the digits of numbers as written.
struct JsonNode {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;  // kString: decoded; kNumber: digits; kBool: true or false
  std::vector<JsonNode> elements;
  struct Member;
  std::vector<Member> members;

  bool is_scalar() const { return kind != Kind::kArray && kind != Kind::kObject; }
};

struct JsonNode::Member {
  std::string name;
  JsonNode value;
};

// Unset where `text` is no JSON.
std::optional<JsonNode> ParseJsonText(std::string_view text);
// Without white space.
std::string WriteJson(const JsonNode& node);
// A JSON string literal: quotes, backslashes and control characters escaped.
std::string JsonString(std::string_view text);

// What becomes of a number that neither INT64, UINT64 nor FLOAT64 holds exactly: statements refuse it
// (PARSE_JSON's wide_number_mode), rows that are streamed have it rounded.
enum class WideNumbers { kRefuse, kRound };

// The form in which a JSON value is kept: no white space, members sorted by name, the first of equal names,
// numbers as INT64 or FLOAT64 print (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
// #json_type). `canonical` is `text` where it has that form already, else it is kept in `storage`.
// kMalformed: no JSON. kTooPrecise, kOutOfRange: a number cannot be kept, and `canonical` is that number.
ValueError CanonicalJson(std::string_view text, WideNumbers wide, std::string* storage,
                         std::string_view* canonical);

}  // namespace bqcdc::values
