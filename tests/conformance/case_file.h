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
//     unconfirmed POINT          asks for a point that the documentation leaves open (point_list.h)
//
//     skip WHY                   the case cannot be seen from outside; it is reported, not run
//
//     costly WHY                 the case takes what others need; run elsewhere only where that is allowed
//
//     without_background_apply   needs a server that applies only when told to
//
//     create [T] (COLUMNS…) …    CREATE OR REPLACE TABLE …, the case's own table or another one
//
//     connect NAME [routing encoded|raw|none] columns a, b:INT64
//                                an AppendRows connection whose descriptor has these fields (row_message.h),
//                                to the created stream of that name where there is one; routing: how the
//                                request header names the stream
//
//     schema NAME columns a, b   another descriptor from the next request of the connection on
//
//     append [NAME] [missing c=DEFAULT_VALUE] [default_missing V] [offset N] [table T]
//                                one request, a JSON object a row on the lines below (row_message.h); table:
//                                to the default stream of this other table
//
//     stream NAME TYPE           CreateWriteStream; `append NAME` goes to it
//
//     hold N                     N calls of AppendRows for the table that stay open until the case ends
//
//     finalize NAME | commit NAME… | flush NAME [N]
//
//     sql STATEMENT
//
//     rows | query SQL           rows of the table, or of the query, a JSON array a row below, in any order
//
//     rest METHOD PATH           of REST v2, PATH after projects/{project}/; the body on the lines below
//
//     advance DURATION | apply   the local server's clock and background work; elsewhere they are waited for
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
//     storage_error CODE         a StorageError of the answer, or `none`
//
//     ended                      it was the end of the call
//
//     updated_schema COLUMN, …   columns of the answer's updated_schema, or `none`
//
//     field POINTER VALUE        what REST answered there, a JSON pointer and a JSON value, or `absent`
//
// $TABLE, $NAME and $DATASET stand for the case's own as SQL names them, $DATASET_ID and $PROJECT_ID as REST
// does.
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
  std::string point;  // what `unconfirmed` names
  std::string skip;
  std::string costly;
  bool without_background_apply = false;
  std::vector<Step> steps;
};

// Errors name the line.
absl::StatusOr<std::vector<Case>> ParseCases(std::string_view text, std::string_view file);

}  // namespace bqcdc::conformance
