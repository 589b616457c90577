#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bqcdc::values {

// Deepest nesting of arrays and objects that a JSON column takes
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#json_type).
inline constexpr int kJsonDepthMax = 500;

// True where `text` is exactly one JSON value by RFC 8259, surrounding white space allowed: grammar of
// numbers, escapes, surrogate pairs and nesting up to `depth_max`. Bytes above 0x7F are taken as they are:
// the caller checks UTF-8. Nothing is allocated.
bool IsJson(std::string_view text, int depth_max = kJsonDepthMax);

// Where `text` ceases to be JSON: offset of the first byte that cannot stand there, its size where it ends
// too early. Unset where it is JSON, and where it is only nested too deeply.
std::optional<size_t> FindJsonFault(std::string_view text);

// Bytes of the value that `text` begins with, if IsJson() would take that; 0 where not. What stands behind it
// is not looked at, so that a number may go on.
size_t JsonValueSize(std::string_view text);

// The same as IsJson(), and whether the text is sure to have the form in which JSON is kept
// (json_document.h). A text with escapes or unusual numbers may have that form and is called kOther.
enum class JsonForm { kNone, kOther, kCanonical };
JsonForm FormOfJson(std::string_view text);

// True where `text` is exactly one JSON number.
bool IsJsonNumber(std::string_view text);

}  // namespace bqcdc::values
