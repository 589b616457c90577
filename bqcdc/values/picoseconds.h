#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/value_error.h"

// TIMESTAMPs of columns that keep twelve digits of a second: picoseconds since 1970-01-01 00:00:00 UTC, in
// the range of TIMESTAMP
// (https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema.FIELDS.timestamp_precision).
namespace bqcdc::values {

inline constexpr int64_t kPicosPerMicro = 1'000'000;
inline constexpr int kPicosecondDigits = 12;

// As ParseTimestamp, with up to twelve fractional digits.
[[nodiscard]] ValueError ParseTimestampPicos(std::string_view text, __int128* picos,
                                             CivilForm form = CivilForm::kLiteral);

// The microsecond that the instant lies in.
int64_t MicrosOfPicos(__int128 picos);

// As FormatTimestamp; twelve fractional digits where the value has more than six.
std::string FormatTimestampPicos(__int128 picos, std::string_view suffix = "+00", char divider = ' ',
                                 FractionDigits digits = FractionDigits::kMilliMicro);

// Decimal text of the number, and back; false where the text is none that FormatPicos could have made.
std::string PicosToText(__int128 picos);
[[nodiscard]] bool PicosFromText(std::string_view text, __int128* picos);

}  // namespace bqcdc::values
