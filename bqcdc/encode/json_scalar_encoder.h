#pragma once

#include <string>
#include <string_view>

#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/row_output.h"

namespace bqcdc::encode {

// Turns one JSON token that is no object or array into the tag and wire bytes of a column. Tokens are the
// source text without surrounding white space: "text" with its quotes, -12.50, true. Numbers are
// read from their digits. WriteUsualValue does for most tokens, and faster.
//
// On an error the output's position is undefined; the caller rewinds. Not thread-safe (scratch memory).
class JsonScalarEncoder {
 public:
  // Encodes by the column's type, tag and limits.
  [[nodiscard]] EncodeError Encode(const ColumnPlan& column, std::string_view token, RowOutput* output);

  // The column's tag and bytes that are already as the service wants them: verbatim JSON.
  [[nodiscard]] EncodeError EncodeVerbatim(const ColumnPlan& column, std::string_view text,
                                           RowOutput* output);

  // The text that a string token means, in the token itself or in scratch memory that lives until the next
  // call. Tokens that are no strings are kWrongKind.
  [[nodiscard]] EncodeError Text(std::string_view token, std::string_view* text);

 private:
  std::string scratch_;
};

// True for WKT and GeoJSON, without regard to what their vertices make.
bool IsGeographyText(std::string_view text);

}  // namespace bqcdc::encode
