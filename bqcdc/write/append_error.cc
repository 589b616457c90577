#include "bqcdc/write/append_error.h"

#include <optional>

#include "absl/strings/match.h"
#include "bqcdc/encode/mutant.h"

namespace bqcdc::write {
namespace {

using absl::StatusCode;
using Storage = StorageErrorCode;

struct Entry {
  std::optional<StatusCode> code;        // unset = any
  std::optional<Storage> storage_error;  // unset = any
  const char* text;                      // null = any; else a part of the message
  AppendVerdict verdict;
};

constexpr char kNotDefaultStream[] =
    "rows are sent to the table's default stream, which the service takes for another kind of stream: is the "
    "endpoint BigQuery's?";
constexpr char kColumnUnknown[] =
    "the table lacks columns that we send; a column added just now is seen after minutes";
constexpr char kSchemaDiffers[] = "the table's columns are not those that were sent; they are read again";
constexpr char kMalformedRequest[] =
    "the request is not what the service expects: report it with this text, and whether a proxy changes "
    "requests";

// First match wins. Sources: storage.proto (StorageError), the retry tables of Google's Java and Go writers,
// texts seen from the service.
constexpr Entry kTable[] = {
    {{},
     Storage::kTableNotFound,
     nullptr,
     {AppendAction::kCheckTable, "the table does not exist, or is very new"}},
    {{},
     Storage::kStreamNotFound,
     nullptr,
     {AppendAction::kCheckTable, "the table does not exist, or is very new"}},
    {{}, Storage::kSchemaMismatchExtraFields, nullptr, {AppendAction::kRefetchSchema, kColumnUnknown}},
    {{}, Storage::kStreamAlreadyCommitted, nullptr, {AppendAction::kHalt, kNotDefaultStream}},
    {{}, Storage::kInvalidStreamType, nullptr, {AppendAction::kHalt, kNotDefaultStream}},
    {{}, Storage::kInvalidStreamState, nullptr, {AppendAction::kHalt, kNotDefaultStream}},
    {{}, Storage::kStreamFinalized, nullptr, {AppendAction::kHalt, "the default stream cannot be finalized"}},
    {{},
     Storage::kOffsetAlreadyExists,
     nullptr,
     {AppendAction::kHalt, "offsets are not used on the default stream"}},
    {{},
     Storage::kOffsetOutOfRange,
     nullptr,
     {AppendAction::kHalt, "offsets are not used on the default stream"}},
    {{}, Storage::kCmekNotProvided, nullptr, {AppendAction::kHalt, "the table wants an encryption key"}},
    {{},
     Storage::kInvalidCmekProvided,
     nullptr,
     {AppendAction::kHalt, "the table's encryption key is not usable"}},
    {{},
     Storage::kCmekEncryptionError,
     nullptr,
     {AppendAction::kHalt, "the table's encryption key is not usable"}},
    {{}, Storage::kKmsServiceError, nullptr, {AppendAction::kRetry, "the key service has a fault"}},
    {{},
     Storage::kKmsPermissionDenied,
     nullptr,
     {AppendAction::kHalt, "BigQuery may not use the table's encryption key"}},

    {StatusCode::kAborted, {}, "inactive for", {AppendAction::kReopen, ""}},
    {StatusCode::kAborted, {}, "restart", {AppendAction::kReopen, ""}},
    {StatusCode::kAborted, {}, nullptr, {AppendAction::kRetryInTurn, ""}},
    {StatusCode::kUnavailable, {}, nullptr, {AppendAction::kReopen, ""}},
    {StatusCode::kInternal, {}, nullptr, {AppendAction::kReopen, ""}},
    {StatusCode::kUnknown, {}, nullptr, {AppendAction::kReopen, ""}},
    {StatusCode::kCancelled, {}, nullptr, {AppendAction::kReopen, ""}},
    {StatusCode::kDeadlineExceeded, {}, nullptr, {AppendAction::kReopen, ""}},
    {StatusCode::kResourceExhausted,
     {},
     nullptr,
     {AppendAction::kRetry, "a quota is used up; it refills within minutes"}},
    {StatusCode::kPermissionDenied,
     {},
     nullptr,
     {AppendAction::kCheckTable,
      "the right bigquery.tables.updateData is missing, or the table does not exist or is very new"}},
    {StatusCode::kNotFound,
     {},
     nullptr,
     {AppendAction::kCheckTable, "the table does not exist, or is very new"}},
    {StatusCode::kUnauthenticated, {}, nullptr, {AppendAction::kHalt, "the credentials are not accepted"}},

    {StatusCode::kInvalidArgument,
     {},
     "primary key disabled",
     {AppendAction::kHalt, "give the table a primary key"}},
    {StatusCode::kInvalidArgument,
     {},
     "Input schema has more fields",
     {AppendAction::kRefetchSchema, kColumnUnknown}},
    {StatusCode::kInvalidArgument,
     {},
     "due to extra fields in user schema",
     {AppendAction::kRefetchSchema, kColumnUnknown}},
    {StatusCode::kInvalidArgument, {}, "incompatible fields", {AppendAction::kRefetchSchema, kSchemaDiffers}},
    {StatusCode::kInvalidArgument,
     {},
     "proto field mismatched",
     {AppendAction::kRefetchSchema, kSchemaDiffers}},
    {StatusCode::kInvalidArgument,
     {},
     "missing in the proto message",
     {AppendAction::kRefetchSchema, kSchemaDiffers}},
    {StatusCode::kInvalidArgument,
     {},
     "request too large",
     {AppendAction::kFindBadRows, "lower --batch-bytes"}},
    {StatusCode::kInvalidArgument, {}, "Invalid proto schema", {AppendAction::kHalt, kMalformedRequest}},
    {StatusCode::kInvalidArgument, {}, "Cannot route", {AppendAction::kHalt, kMalformedRequest}},
    {StatusCode::kInvalidArgument, {}, "Rows must be specified", {AppendAction::kHalt, kMalformedRequest}},
    {StatusCode::kInvalidArgument, {}, nullptr, {AppendAction::kFindBadRows, ""}},
    {{},
     {},
     nullptr,
     {AppendAction::kHalt,
      "an answer that is not known here: its text says what is wrong; what was not "
      "acknowledged does not count as written"}},
};

bool Matches(const Entry& entry, const absl::Status& status, StorageErrorCode storage_error) {
  if (entry.code.has_value() && *entry.code != status.code()) return false;
  if (entry.storage_error.has_value() && *entry.storage_error != storage_error) return false;
  return entry.text == nullptr || absl::StrContains(status.message(), entry.text);
}

AppendVerdict Find(const absl::Status& status, StorageErrorCode storage_error) {
  for (const Entry& entry : kTable) {
    if (Matches(entry, status, storage_error)) return entry.verdict;
  }
  return {AppendAction::kHalt, ""};
}

}  // namespace

std::string_view ActionName(AppendAction action) {
  switch (action) {
    case AppendAction::kNone:
      return "none";
    case AppendAction::kSetRowsAside:
      return "set rows aside";
    case AppendAction::kFindBadRows:
      return "find bad rows";
    case AppendAction::kRetryInTurn:
      return "retry in turn";
    case AppendAction::kRetry:
      return "retry";
    case AppendAction::kReopen:
      return "reopen";
    case AppendAction::kCheckTable:
      return "check table";
    case AppendAction::kRefetchSchema:
      return "refetch schema";
    case AppendAction::kHalt:
      return "halt";
  }
  return "unknown";
}

AppendVerdict Classify(const AppendResult& result) {
  if (result.status.ok()) return {AppendAction::kNone, ""};
  const AppendVerdict verdict = Find(result.status, result.storage_error);
  // Row details under a passing fault say nothing about the rows.
  const bool passing = verdict.action == AppendAction::kReopen || verdict.action == AppendAction::kRetry ||
                       verdict.action == AppendAction::kRetryInTurn;
  if (!result.row_errors.empty() && (!passing || encode::Mutated(encode::Mutant::kPassingErrorsSetRowsAside)))
    return {AppendAction::kSetRowsAside, ""};
  // Behind a refused schema a request is refused for want of one, in words that no page tells. A new call
  // brings the schema first.
  const bool about_request =
      verdict.action == AppendAction::kFindBadRows || verdict.action == AppendAction::kHalt;
  if (result.schema_may_be_unknown && result.status.code() == StatusCode::kInvalidArgument && about_request &&
      !encode::Mutated(encode::Mutant::kUnknownSchemaTakenForRows))
    return {AppendAction::kReopen, ""};
  return verdict;
}

AppendVerdict ClassifyCallEnd(const absl::Status& status, StorageErrorCode storage_error) {
  // A call that ended well, or behind which requests queued, is opened again; so is one that the service
  // ended.
  if (status.ok() || status.code() == absl::StatusCode::kAborted) return {AppendAction::kReopen, ""};
  AppendVerdict verdict = Find(status, storage_error);
  if (verdict.action == AppendAction::kFindBadRows) verdict.action = AppendAction::kHalt;
  return verdict;
}

}  // namespace bqcdc::write
