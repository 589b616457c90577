#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// The errors of the service, one function for each kind, so that a text is written once and every
// front (REST, gRPC, SQL) says the same. A status made here carries the `reason` of REST v2
// (https://cloud.google.com/bigquery/docs/error-messages) and, for query errors, a `location`.
namespace bqcdc::emulator::errors {

// `reason` values of REST v2's ErrorProto.
inline constexpr std::string_view kReasonNotFound = "notFound";
inline constexpr std::string_view kReasonDuplicate = "duplicate";
inline constexpr std::string_view kReasonInvalid = "invalid";
inline constexpr std::string_view kReasonInvalidQuery = "invalidQuery";
inline constexpr std::string_view kReasonNotImplemented = "notImplemented";
inline constexpr std::string_view kReasonResourceInUse = "resourceInUse";
inline constexpr std::string_view kReasonConditionNotMet = "conditionNotMet";
inline constexpr std::string_view kReasonResponseTooLarge = "responseTooLarge";
inline constexpr std::string_view kReasonResourcesExceeded = "resourcesExceeded";
inline constexpr std::string_view kReasonInternalError = "internalError";

// `location` values that are no query parameters or fields.
inline constexpr std::string_view kLocationIfMatch = "If-Match";  // a header

// Tables are written `project:dataset.table`, as the service writes them.
absl::Status DatasetNotFound(std::string_view project, std::string_view dataset);
absl::Status TableNotFound(std::string_view table);
// The text that a query gets: `Not found: Table p:d.t was not found in location US`.
absl::Status TableNotFoundInQuery(std::string_view table, std::string_view location);
absl::Status DatasetNotFoundInQuery(std::string_view project, std::string_view dataset,
                                    std::string_view location);
absl::Status JobNotFound(std::string_view job);
absl::Status DatasetExists(std::string_view project, std::string_view dataset);
absl::Status TableExists(std::string_view table);
absl::Status JobExists(std::string_view job);
// A view where the operation takes a table, or the other way round: `type` is what is there.
absl::Status WrongTableType(std::string_view table, std::string_view type);
absl::Status DatasetInUse(std::string_view project, std::string_view dataset);
// HTTP 400, reason `invalid`.
absl::Status Invalid(std::string_view message);
// HTTP 400, reason `invalidQuery`, location `query`; the message ends in ` at [line:column]` when the
// caller gives a position (both from 1).
absl::Status InvalidQuery(std::string_view message);
absl::Status InvalidQueryAt(std::string_view message, int line, int column);
// What this server knows of but does not offer: `invalidQuery` in SQL, naming the construct and its position.
absl::Status UnsupportedInQuery(std::string_view construct, int line, int column);
// HTTP 501, reason `notImplemented`.
absl::Status NotImplemented(std::string_view what);
// HTTP 403, reason `responseTooLarge`.
absl::Status ResponseTooLarge(std::string_view message);
// HTTP 400, reason `resourcesExceeded`: a statement's memory.
absl::Status QueryMemoryExceeded();
// The same of what it takes to plan a statement.
absl::Status QueryTooComplex();
// HTTP 412: an `If-Match` that lost its race. `resource`: `p:d` or `p:d.t`.
absl::Status ConditionNotMet(std::string_view resource);

// The REST reason of `status`; `kReasonInternalError` for one that was not made here.
std::string_view ReasonOf(const absl::Status& status);
// `location` of REST's ErrorProto ("query", "parameter", a field name), if any.
std::optional<std::string> LocationOf(const absl::Status& status);
// Adds or replaces the location.
absl::Status WithLocation(absl::Status status, std::string_view location);
// The HTTP status code that goes with the reason.
int HttpCodeOf(const absl::Status& status);

}  // namespace bqcdc::emulator::errors
