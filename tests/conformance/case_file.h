#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Conformance cases as text, so that a person reads them beside the documentation and any endpoint can run
// them.
//
//   case NAME
//     unconfirmed WHY                    what the documentation leaves open and the local server decides
//     skip WHY                           the case cannot be seen from outside; it is reported, not run
//     without_background_apply           needs a server that applies only when told to
//     create (COLUMNS…) …                CREATE TABLE $TABLE …, the case's own table
//     connect NAME columns a, b:INT64    an AppendRows connection whose descriptor has these fields (type
//     STRING, or the column's) append [NAME] [missing c=DEFAULT_VALUE] [default_missing V]     one request, a
//     JSON object a row on the lines below ok | error CODE [TEXT]             what the append, or the sql
//     before it, must answer; TEXT is contained in the message row_error INDEX TEXT               one for
//     each row_errors entry of the answer, all of them rows                               SELECT * FROM
//     $TABLE, a JSON array a row below, in any order; none: empty query SQL likewise; $TABLE, $NAME and
//     $DATASET stand for the case's own sql STATEMENT advance DURATION | apply           the local server's
//     clock and background work remember_watermark | same_watermark | later_watermark
//     stream NAME TYPE                   CreateWriteStream; `append NAME [offset N]` goes to it
//     finalize NAME | commit NAME… | flush NAME N     what ok and error ask about as well
//     offset N                           the offset, or row count, that the answer before tells
//     storage_error CODE                 one for each StorageError of the answer, all of them
//
// `#` begins a comment line.
namespace bqcdc::conformance {

struct Step {
  std::string verb;
  std::string argument;            // rest of the line
  std::vector<std::string> lines;  // the indented lines below
  int line = 0;                    // in the file
};

struct Case {
  std::string name;
  std::string file;
  std::string unconfirmed;
  std::string skip;
  bool without_background_apply = false;
  std::vector<Step> steps;
};

// Errors name the line.
absl::StatusOr<std::vector<Case>> ParseCases(std::string_view text, std::string_view file);

}  // namespace bqcdc::conformance
