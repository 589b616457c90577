#include "bqcdc/emulator/errors.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::errors {
namespace {

constexpr char kReasonUrl[] = "bqcdc/error-reason";
constexpr char kLocationUrl[] = "bqcdc/error-location";

absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view message) {
  absl::Status status = base::Error(code, message);
  status.SetPayload(kReasonUrl, base::ToCord(reason));
  return status;
}

struct ReasonCode {
  std::string_view reason;
  int http_code;
};

// https://cloud.google.com/bigquery/docs/error-messages#errortable
constexpr ReasonCode kReasonCodes[] = {
    {kReasonNotFound, 404},          {kReasonDuplicate, 409},        {kReasonInvalid, 400},
    {kReasonInvalidQuery, 400},      {kReasonNotImplemented, 501},   {kReasonResourceInUse, 400},
    {kReasonConditionNotMet, 412},   {kReasonResponseTooLarge, 403}, {kReasonInternalError, 500},
    {kReasonResourcesExceeded, 400},
};

}  // namespace

absl::Status DatasetNotFound(std::string_view project, std::string_view dataset) {
  return Make(absl::StatusCode::kNotFound, kReasonNotFound,
              base::StrCat("Not found: Dataset ", project, ":", dataset));
}

absl::Status TableNotFound(std::string_view table) {
  return Make(absl::StatusCode::kNotFound, kReasonNotFound, base::StrCat("Not found: Table ", table));
}

absl::Status TableNotFoundInQuery(std::string_view table, std::string_view location) {
  return Make(absl::StatusCode::kNotFound, kReasonNotFound,
              base::StrCat("Not found: Table ", table, " was not found in location ", location));
}

absl::Status DatasetNotFoundInQuery(std::string_view project, std::string_view dataset,
                                    std::string_view location) {
  return Make(
      absl::StatusCode::kNotFound, kReasonNotFound,
      base::StrCat("Not found: Dataset ", project, ":", dataset, " was not found in location ", location));
}

absl::Status JobNotFound(std::string_view job) {
  return Make(absl::StatusCode::kNotFound, kReasonNotFound, base::StrCat("Not found: Job ", job));
}

absl::Status DatasetExists(std::string_view project, std::string_view dataset) {
  return Make(absl::StatusCode::kAlreadyExists, kReasonDuplicate,
              base::StrCat("Already Exists: Dataset ", project, ":", dataset));
}

absl::Status TableExists(std::string_view table) {
  return Make(absl::StatusCode::kAlreadyExists, kReasonDuplicate,
              base::StrCat("Already Exists: Table ", table));
}

absl::Status JobExists(std::string_view job) {
  return Make(absl::StatusCode::kAlreadyExists, kReasonDuplicate, base::StrCat("Already Exists: Job ", job));
}

absl::Status ResponseTooLarge(std::string_view message) {
  return Make(absl::StatusCode::kResourceExhausted, kReasonResponseTooLarge, message);
}

absl::Status WrongTableType(std::string_view table, std::string_view type) {
  return InvalidQuery(
      base::StrCat(table, " is not allowed for this operation because it is currently a ", type, "."));
}

absl::Status DatasetInUse(std::string_view project, std::string_view dataset) {
  return Make(absl::StatusCode::kFailedPrecondition, kReasonResourceInUse,
              base::StrCat("Dataset ", project, ":", dataset, " is still in use"));
}

absl::Status Invalid(std::string_view message) {
  return Make(absl::StatusCode::kInvalidArgument, kReasonInvalid, message);
}

absl::Status InvalidQuery(std::string_view message) {
  return WithLocation(Make(absl::StatusCode::kInvalidArgument, kReasonInvalidQuery, message), "query");
}

absl::Status InvalidQueryAt(std::string_view message, int line, int column) {
  return InvalidQuery(base::StrCat(message, " at [", line, ":", column, "]"));
}

absl::Status UnsupportedInQuery(std::string_view construct, int line, int column) {
  return InvalidQueryAt(base::StrCat("Not supported by this server: ", construct), line, column);
}

absl::Status NotImplemented(std::string_view what) {
  return Make(absl::StatusCode::kUnimplemented, kReasonNotImplemented,
              base::StrCat("Not implemented by this server: ", what));
}

absl::Status QueryMemoryExceeded() {
  return Make(
      absl::StatusCode::kResourceExhausted, kReasonResourcesExceeded,
      "Resources exceeded during query execution: The query could not be executed in the allotted memory.");
}

absl::Status QueryTooComplex() {
  return Make(absl::StatusCode::kResourceExhausted, kReasonResourcesExceeded,
              "Resources exceeded during query execution: Not enough resources for query planning - too many "
              "subqueries or query is too complex.");
}

absl::Status ConditionNotMet(std::string_view resource) {
  return WithLocation(Make(absl::StatusCode::kFailedPrecondition, kReasonConditionNotMet,
                           base::StrCat("Resource ", resource, " did not meet condition IF_MATCH")),
                      kLocationIfMatch);
}

std::string_view ReasonOf(const absl::Status& status) {
  if (auto payload = status.GetPayload(kReasonUrl)) {
    for (const ReasonCode& known : kReasonCodes) {
      if (*payload == base::ToAbsl(known.reason)) return known.reason;
    }
  }
  return kReasonInternalError;
}

std::optional<std::string> LocationOf(const absl::Status& status) {
  auto payload = status.GetPayload(kLocationUrl);
  if (!payload) return std::nullopt;
  return std::string(*payload);
}

absl::Status WithLocation(absl::Status status, std::string_view location) {
  status.SetPayload(kLocationUrl, base::ToCord(location));
  return status;
}

int HttpCodeOf(const absl::Status& status) {
  const std::string_view reason = ReasonOf(status);
  for (const ReasonCode& known : kReasonCodes) {
    if (known.reason == reason) return known.http_code;
  }
  return 500;
}

}  // namespace bqcdc::emulator::errors
