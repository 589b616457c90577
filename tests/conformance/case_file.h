#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Conformance cases as text, so that a person reads them beside the documentation and any endpoint can run
// them.
//
//   case NAME
//
//     unconfirmed WHY            what the documentation leaves open and the local server decides
//
//     skip WHY                   the case cannot be seen from outside; it is reported, not run
//
//     without_background_apply   needs a server that applies only when told to
//
//     create (COLUMNS…) …        CREATE OR REPLACE TABLE $TABLE …, the case's own table
//
//     connect NAME columns a, b:INT64
//                                an AppendRows connection whose descriptor has these fields (type STRING, or
//                                the column's), to the created stream of that name where there is one
//
//     append [NAME] [missing c=DEFAULT_VALUE] [default_missing V] [offset N]
//                                one request, a JSON object a row on the lines below
//
//     stream NAME TYPE           CreateWriteStream; `append NAME` goes to it
//
//     finalize NAME | commit NAME… | flush NAME N
//
//     sql STATEMENT
//
//     rows | query SQL           rows of the table, or of the query, a JSON array a row below, in any order
//
//     advance DURATION | apply   the local server's clock and background work
//
//     remember_watermark | same_watermark | later_watermark
//
// What the step before must have answered; one that is not asked must have succeeded:
//
//     ok | error CODE [TEXT]     TEXT is contained in the message
//
//     row_error INDEX TEXT       one for each row_errors entry
//
//     offset N                   the offset, or the row count
//
//     storage_error CODE         a StorageError of the answer
//
//     ended                      it was the end of the call
//
//     updated_schema COLUMN, …   columns of the answer's updated_schema, or `none`
//
// $TABLE, $NAME and $DATASET stand for the case's own.
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
