#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::encode {

// Where sequence numbers come from. A run has one answer: mixing them makes the order of a table
// unpredictable.
enum class SequenceSource : uint8_t {
  kEither,    // the line's own number, else the assigned one; facts say which (to decide at the first line)
  kAssigned,  // the caller's; a line with an own number is refused
  kOwn,       // the line's; a line without is refused
};

struct JsonRowEncoderOptions {
  // Behaviour.
  SequenceSource sequence_source = SequenceSource::kEither;
  // Limits. Longest line in bytes, larger ones are refused; the parser's memory grows to about twice the
  // longest line seen; what is known of lines takes some MiB more, where lines are long or of many columns.
  size_t line_bytes_max = 16 * 1024 * 1024;
  // Largest encoded row in bytes; a row must fit into a request, and those are limited to 10 MB.
  size_t row_bytes_max = 9 * 1024 * 1024;
  // How many ways of writing a line are known at once, by which later lines are read faster; 0 = none. What
  // becomes of a line does not depend on it.
  size_t line_shapes_max = 4;
};

// Turns JSON lines into rows of the Storage Write API, straight to their wire bytes.
//
// A line is one object keyed by column names (ASCII case ignored) with _CHANGE_TYPE UPSERT or DELETE and,
// optionally, _CHANGE_SEQUENCE_NUMBER. Unknown and duplicate names are refused, at every level. An UPSERT is
// the whole row: absent = null = NULL, refused for key and REQUIRED columns. A DELETE carries its key: values
// of other columns are neither sent nor checked. Fields stand in the order of the input, _CHANGE_TYPE and
// _CHANGE_SEQUENCE_NUMBER last.
//
//   BOOL       true, false, or these words as text in any case
//   INT64      integer, or decimal text of one; never through a double
//   FLOAT64    number, or text: a number, NaN, Infinity, -Infinity, inf
//   NUMERIC    number or text, from the digits as written, rounded half away from zero beyond the scale
//   STRING     text; numbers and booleans become their text
//   INTERVAL   text: [-]Y-M [-]D [-]H:M:S[.F] or a tail of it, or an ISO 8601 duration
//   GEOGRAPHY  text: WKT or GeoJSON; a GeoJSON object
//   BYTES      base64 text, standard or URL alphabet, padding optional; or an array of integers -128 to 127
//   DATE       YYYY-MM-DD, or an integer of days since 1970
//   TIMESTAMP  text (values/civil_time.h), or a whole number of microseconds since 1970
//   DATETIME   text, or the packed integer of one from year 1000 on (a smaller one could be microseconds)
//   TIME       text; a number is refused, for packed ones and microseconds cannot be told apart
//   JSON       a JSON string is parsed as JSON text, anything else is taken verbatim
//   RANGE      {"start": …, "end": …}, absent or null = unbounded; or text "[start, end)"
//   STRUCT     object; REPEATED array, null = empty, null elements refused
//
// Not thread-safe: one encoder for each thread, plans are shared. Allocates nothing for each row after
// warm-up, except for a GEOGRAPHY, an ISO 8601 duration and a TIMESTAMP of picoseconds in
// another form than its canonical one; and for a line of another shape than those before it, of which fewer
// and fewer are learned while they keep coming.
class JsonRowEncoder {
 public:
  explicit JsonRowEncoder(std::shared_ptr<const EncodePlan> plan, JsonRowEncoderOptions options = {});
  ~JsonRowEncoder();
  JsonRowEncoder(JsonRowEncoder&&) noexcept;
  JsonRowEncoder& operator=(JsonRowEncoder&&) noexcept;

  // Appends the row of `line` to `rows` (facts included). On an error nothing is appended, failure() says why
  // and the encoder stays usable. `assigned` is the number for lines that bring none.
  [[nodiscard]] EncodeError EncodeLine(const PaddedLine& line, const values::SequenceNumber& assigned,
                                       EncodedRows* rows);

  // Of how many of the next lines it is known that their tokens will be looked for. A line that is written as
  // those before it needs none, so mostly of none.
  size_t lines_to_scan() const;
  // Looks for the tokens of several lines at once, which takes half of the time that it takes line by line.
  // Returns of how many, at least 1: as many as stand one behind the other in memory and are short. These
  // have to be the next ones that are encoded, in their order, and their bytes may not change until then.
  size_t ScanAhead(std::span<const PaddedLine> lines);

  // The last error; valid until the next EncodeLine.
  const EncodeFailure& failure() const;

  void set_sequence_source(SequenceSource source);
  const EncodePlan& plan() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::encode
