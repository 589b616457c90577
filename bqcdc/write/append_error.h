#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/write/append_result.h"

namespace bqcdc::write {

// What is to be done about a request that was not stored.
enum class AppendAction {
  kNone,           // it was stored
  kSetRowsAside,   // the rows named in row_errors go to the dead letter, the others again
  kFindBadRows,    // the service names no row: halve the request until the guilty rows are alone
  kRetryInTurn,    // queued behind a failed one: again, in order; counts as no attempt
  kRetry,          // again after a pause
  kReopen,         // again on a new connection
  kCheckTable,     // no right, no table, or too new a table: ask tables.get, then again after a pause
  kRefetchSchema,  // the table has changed: read its schema again, compile, reopen, again
  kHalt,           // neither waiting nor leaving rows out would help
};

std::string_view ActionName(AppendAction action);

struct AppendVerdict {
  AppendAction action = AppendAction::kNone;
  std::string_view hint;  // for the operator; static text, empty where the service's message says it all
};

// Decides in this order: bad rows, StorageError, code (the text never decides, except for rows that the
// service refuses for their change type, which it says in no other way). One table holds it all. Where the
// service may not know the request's schema, a refusal says nothing about the rows.
AppendVerdict Classify(const AppendResult& result);

// The same for the status that ended a whole AppendRows call.
AppendVerdict ClassifyCallEnd(const absl::Status& status, StorageErrorCode storage_error);

}  // namespace bqcdc::write
