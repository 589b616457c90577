#include "bqcdc/write/append_error.h"

#include <gtest/gtest.h>

namespace bqcdc::write {
namespace {

struct Case {
  const char* name;
  absl::Status status;
  StorageErrorCode storage_error;
  int row_errors;
  AppendAction want;
};

constexpr auto kNoDetail = StorageErrorCode::kUnspecified;

const Case kCases[] = {
    {"Stored", absl::OkStatus(), kNoDetail, 0, AppendAction::kNone},
    {"BadRows", absl::InvalidArgumentError("Errors found while processing rows."), kNoDetail, 2,
     AppendAction::kSetRowsAside},
    {"BadRowsUnderAPassingFault", absl::UnavailableError("Task is overloaded"), kNoDetail, 2,
     AppendAction::kReopen},
    {"BadRowsUnnamed", absl::InvalidArgumentError("something about a row"), kNoDetail, 0,
     AppendAction::kFindBadRows},
    {"TooLarge", absl::InvalidArgumentError("AppendRows request too large: 19923131 limit 10485760"),
     kNoDetail, 0, AppendAction::kFindBadRows},
    {"DetailBeforeCode", absl::InvalidArgumentError("Stream has been finalized"),
     StorageErrorCode::kStreamFinalized, 0, AppendAction::kHalt},
    {"ExtraFields",
     absl::InvalidArgumentError("Input schema has more fields than BigQuery schema, extra fields: 'x'"),
     StorageErrorCode::kSchemaMismatchExtraFields, 0, AppendAction::kRefetchSchema},
    {"ExtraFieldsWithoutDetail",
     absl::InvalidArgumentError("Input schema has more fields than BigQuery schema"), kNoDetail, 0,
     AppendAction::kRefetchSchema},
    {"NoPrimaryKey",
     absl::InvalidArgumentError("Create UPSERT stream is not supported for primary key disabled table: t"),
     kNoDetail, 0, AppendAction::kHalt},
    {"MaskedMissingTable",
     absl::PermissionDeniedError("Permission 'TABLES_UPDATE_DATA' denied (or it may not exist)."), kNoDetail,
     0, AppendAction::kCheckTable},
    {"Recreated", absl::NotFoundError("Table 123:ds.t is re-created."), kNoDetail, 0,
     AppendAction::kCheckTable},
    {"Quota", absl::ResourceExhaustedError("Exceeds 'AppendRows throughput' quota"), kNoDetail, 0,
     AppendAction::kRetry},
    {"BehindAFailedOne", absl::AbortedError("processing is aborted because of prior failures"), kNoDetail, 0,
     AppendAction::kRetryInTurn},
    {"Idle", absl::AbortedError("Closing the stream because it has been inactive for 600 seconds."),
     kNoDetail, 0, AppendAction::kReopen},
    {"Draining", absl::UnavailableError("the connection is draining"), kNoDetail, 0, AppendAction::kReopen},
    {"KeyService", absl::FailedPreconditionError("x"), StorageErrorCode::kKmsServiceError, 0,
     AppendAction::kRetry},
    {"Key", absl::FailedPreconditionError("x"), StorageErrorCode::kCmekNotProvided, 0, AppendAction::kHalt},
    {"Unimplemented", absl::UnimplementedError("x"), kNoDetail, 0, AppendAction::kHalt},
    {"TableUnknown", absl::NotFoundError("x"), StorageErrorCode::kTableNotFound, 0,
     AppendAction::kCheckTable},
    {"StreamUnknown", absl::NotFoundError("x"), StorageErrorCode::kStreamNotFound, 0,
     AppendAction::kCheckTable},
    {"StreamType", absl::InvalidArgumentError("x"), StorageErrorCode::kInvalidStreamType, 0,
     AppendAction::kHalt},
    {"OffsetTwice", absl::AlreadyExistsError("The offset is within stream"),
     StorageErrorCode::kOffsetAlreadyExists, 0, AppendAction::kHalt},
    {"OffsetBeyond", absl::OutOfRangeError("The offset is beyond stream"),
     StorageErrorCode::kOffsetOutOfRange, 0, AppendAction::kHalt},
    {"FieldsDiffer", absl::InvalidArgumentError("Found incompatible fields: 'id' and/or mismatch fields"),
     kNoDetail, 0, AppendAction::kRefetchSchema},
    {"TypeDiffers", absl::InvalidArgumentError("The proto field mismatched with BigQuery field at M.f"),
     kNoDetail, 0, AppendAction::kRefetchSchema},
    {"RequiredIsMissing", absl::InvalidArgumentError("The required field f is missing in the proto message"),
     kNoDetail, 0, AppendAction::kRefetchSchema},
    {"ExtraFieldsInOtherWords",
     absl::InvalidArgumentError("Schema mismatch due to extra fields in user schema"), kNoDetail, 0,
     AppendAction::kRefetchSchema},
    {"NoRows", absl::InvalidArgumentError("Rows must be specified"), kNoDetail, 0, AppendAction::kHalt},
    {"Descriptor", absl::InvalidArgumentError("Invalid proto schema: M.proto: : Missing name."), kNoDetail, 0,
     AppendAction::kHalt},
    {"Internal", absl::InternalError("x"), kNoDetail, 0, AppendAction::kReopen},
    {"Unknown", absl::UnknownError("x"), kNoDetail, 0, AppendAction::kReopen},
    {"Cancelled", absl::CancelledError("x"), kNoDetail, 0, AppendAction::kReopen},
    {"Late", absl::DeadlineExceededError("x"), kNoDetail, 0, AppendAction::kReopen},
};

TEST(Classify, DecidesByOneTable) {
  for (const Case& c : kCases) {
    AppendResult result;
    result.status = c.status;
    result.storage_error = c.storage_error;
    result.row_errors.resize(c.row_errors);
    const AppendVerdict verdict = Classify(result);
    EXPECT_EQ(ActionName(verdict.action), ActionName(c.want)) << c.name;
    if (c.want == AppendAction::kHalt || c.want == AppendAction::kCheckTable) {
      EXPECT_NE(verdict.hint, "") << c.name << ": who has to help is told how";
    }
  }
}

TEST(Classify, ARefusalBehindARefusedSchemaIsNotAboutTheRequest) {
  for (const char* text : {"Invalid proto schema: there is none", "something about a row"}) {
    AppendResult result;
    result.status = absl::InvalidArgumentError(text);
    result.schema_may_be_unknown = true;
    EXPECT_EQ(ActionName(Classify(result).action), ActionName(AppendAction::kReopen)) << text;
    result.row_errors.resize(1);  // To name a row the service must have read it.
    EXPECT_EQ(ActionName(Classify(result).action), ActionName(AppendAction::kSetRowsAside)) << text;
  }
}

TEST(ClassifyCallEnd, OpensAgainWhatMayCome) {
  const auto action = [](const absl::Status& status, StorageErrorCode storage_error = {}) {
    return ClassifyCallEnd(status, storage_error).action;
  };
  EXPECT_EQ(action(absl::OkStatus()), AppendAction::kReopen);
  EXPECT_EQ(action(absl::AbortedError("server is restarted")), AppendAction::kReopen);
  EXPECT_EQ(action(absl::UnavailableError("failed to connect")), AppendAction::kReopen);
  EXPECT_EQ(action(absl::ResourceExhaustedError("quota")), AppendAction::kRetry);
  EXPECT_EQ(action(absl::PermissionDeniedError("no")), AppendAction::kCheckTable);
  EXPECT_EQ(action(absl::InvalidArgumentError("x"), StorageErrorCode::kSchemaMismatchExtraFields),
            AppendAction::kRefetchSchema);
  EXPECT_EQ(action(absl::InvalidArgumentError("x"), StorageErrorCode::kKmsServiceError),
            AppendAction::kRetry);
  EXPECT_EQ(action(absl::InvalidArgumentError("Cannot route on empty project id")), AppendAction::kHalt);
  EXPECT_EQ(action(absl::InvalidArgumentError("anything")), AppendAction::kHalt);
  EXPECT_EQ(action(absl::UnauthenticatedError("no")), AppendAction::kHalt);
}

}  // namespace
}  // namespace bqcdc::write
