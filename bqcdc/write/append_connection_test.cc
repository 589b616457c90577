#include "bqcdc/write/append_connection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <iterator>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/write/testing/fake_write_service.h"

namespace bqcdc::write {
namespace {

using testing::FakeWriteService;
using testing::Reply;
using testing::SeenRequest;

// The descriptor of a message without fields: enough for a service that does not decode.
std::shared_ptr<const Destination> MakeDestination(const std::string& table) {
  Destination destination;
  destination.write_stream = "projects/p/datasets/d/tables/" + table + "/streams/_default";
  destination.writer_schema = "\x0a\x04root";
  return std::make_shared<Destination>(destination);
}

AppendRequest Request(const std::shared_ptr<const Destination>& destination,
                      const std::vector<std::string>& rows) {
  auto encoded = std::make_shared<encode::EncodedRows>();
  for (const std::string& row : rows) encoded->Append(row, {});
  return {destination, AllRows(encoded)};
}

class AppendConnectionTest : public ::testing::Test {
 protected:
  void Connect(FakeWriteService& service, AppendConnectionOptions options = {}) {
    options.pause_first = absl::Milliseconds(1);
    options.pause_max = absl::Milliseconds(20);
    connection_ = std::make_unique<AppendConnection>(
        MakeLocalChannel(service.target()), options, base::SystemClock::Get(),
        [this](std::int64_t number, AppendResult result) {
          absl::MutexLock lock(&mutex_);
          answers_.emplace_back(number, std::move(result));
        },
        [this](const absl::Status& status) {
          absl::MutexLock lock(&mutex_);
          failure_ = status;
        });
  }
  void AppendAll(int count) {
    for (int i = 0; i < count; ++i) {
      const auto number = connection_->Append(Request(destination_, {absl::StrCat("row ", i)}));
      ASSERT_TRUE(number.ok()) << number.status();
      EXPECT_EQ(*number, i);
    }
  }
  absl::Status Await() { return connection_->AwaitAnswers(absl::Now() + absl::Seconds(20)); }
  // The handler runs just after the window is freed.
  void ExpectAnswersInOrder(std::size_t count) {
    const auto complete = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return answers_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&complete), absl::Seconds(20)));
    ASSERT_EQ(answers_.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(answers_[i].first, static_cast<std::int64_t>(i));
  }

  std::shared_ptr<const Destination> destination_ = MakeDestination("t");
  absl::Mutex mutex_;
  std::vector<std::pair<std::int64_t, AppendResult>> answers_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<AppendConnection> connection_;  // The first to go: its handlers use the others.
};

TEST_F(AppendConnectionTest, TellsSchemaAndTraceOnTheFirstRequestOnly) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  Connect(service, {.trace_id = "trace"});
  AppendAll(3);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(3);
  const auto requests = service.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].write_stream, destination_->write_stream);
  EXPECT_TRUE(requests[0].has_schema);
  EXPECT_EQ(requests[0].trace_id, "trace");
  EXPECT_EQ(requests[0].routing,
            "write_stream=projects%2Fp%2Fdatasets%2Fd%2Ftables%2Ft%2Fstreams%2F_default");
  for (int i : {1, 2}) {
    EXPECT_EQ(requests[i].write_stream, "");
    EXPECT_FALSE(requests[i].has_schema);
    EXPECT_EQ(requests[i].trace_id, "");
  }
  EXPECT_EQ(service.stored_rows(), (std::vector<std::string>{"row 0", "row 1", "row 2"}));
  EXPECT_EQ(connection_->stats().calls_opened, 1);
}

TEST_F(AppendConnectionTest, TellsTheSchemaAgainWhereItChanges) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  Connect(service);
  const auto other = MakeDestination("other");
  for (const auto& destination : {destination_, other, other, destination_}) {
    ASSERT_TRUE(connection_->Append(Request(destination, {"x"})).ok());
  }
  ASSERT_TRUE(Await().ok());
  const auto requests = service.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(requests[1].write_stream, other->write_stream);
  // storage.proto: once there were several, each request names its stream.
  EXPECT_EQ(requests[2].write_stream, other->write_stream);
  EXPECT_FALSE(requests[2].has_schema);
  EXPECT_EQ(requests[3].write_stream, destination_->write_stream);
}

TEST_F(AppendConnectionTest, BehindARefusedSchemaRequestsSaySoAndTheNextBringsItAgain) {
  absl::Notification all_written;
  FakeWriteService service([&](const SeenRequest& request) {
    if (request.in_call == 0) {
      all_written.WaitForNotification();
      return Reply::Refuse(absl::InvalidArgumentError("x"), {}, StorageErrorCode::kSchemaMismatchExtraFields);
    }
    return request.in_call < 3 ? Reply::Refuse(absl::InvalidArgumentError("no schema")) : Reply::Ok();
  });
  Connect(service);
  AppendAll(3);
  while (connection_->stats().requests_written < 3) std::this_thread::yield();
  all_written.Notify();
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(3);
  ASSERT_TRUE(connection_->Append(Request(destination_, {"x"})).ok());
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(4);
  EXPECT_EQ(service.call_count(), 1);
  const std::vector<SeenRequest> requests = service.requests();
  ASSERT_EQ(requests.size(), 4u);
  absl::MutexLock lock(&mutex_);
  for (std::size_t i = 0; i < 4; ++i) {
    const bool behind = i == 1 || i == 2;
    EXPECT_EQ(requests[i].has_schema, !behind) << i;
    EXPECT_EQ(requests[i].write_stream.empty(), behind) << i;
    EXPECT_EQ(answers_[i].second.schema_may_be_unknown, behind) << i;
  }
}

TEST_F(AppendConnectionTest, RefusedRowsLeaveTheSchemaKnown) {
  FakeWriteService service([](const SeenRequest& request) {
    return request.in_call < 2 ? Reply::Refuse(absl::InvalidArgumentError("rows"), {{0, "bad"}})
                               : Reply::Ok();
  });
  Connect(service);
  AppendAll(3);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(3);
  const std::vector<SeenRequest> requests = service.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_FALSE(requests[2].has_schema);
  absl::MutexLock lock(&mutex_);
  EXPECT_FALSE(answers_[1].second.schema_may_be_unknown);
}

TEST_F(AppendConnectionTest, SendsUnacknowledgedRequestsAgainInOrder) {
  // Of each call two requests are answered; the third ends it.
  FakeWriteService service([](const SeenRequest& request) {
    return request.in_call < 2 ? Reply::Ok()
                               : Reply::EndCall(absl::UnavailableError("the connection is draining"));
  });
  std::atomic<int> reopened = 0;
  AppendConnectionOptions options;
  options.before_open = [&](bool, const absl::Status& why) {
    EXPECT_EQ(why.message(), "the connection is draining");
    ++reopened;
    return absl::OkStatus();
  };
  Connect(service, options);
  AppendAll(10);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(10);
  std::vector<std::string> want;
  for (int i = 0; i < 10; ++i) want.push_back(absl::StrCat("row ", i));
  EXPECT_EQ(service.stored_rows(), want);
  EXPECT_EQ(service.call_count(), 5);
  EXPECT_EQ(reopened, 4);
  for (const SeenRequest& request : service.requests()) EXPECT_EQ(request.has_schema, request.in_call == 0);
}

TEST_F(AppendConnectionTest, AnAnswerWithAnErrorDoesNotEndTheCall) {
  FakeWriteService service([](const SeenRequest& request) {
    return request.in_call == 1 ? Reply::Refuse(absl::InvalidArgumentError("bad"), {{3, "why"}, {5, "too"}},
                                                StorageErrorCode::kSchemaMismatchExtraFields)
                                : Reply::Ok();
  });
  Connect(service);
  AppendAll(3);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(3);
  EXPECT_EQ(service.call_count(), 1);
  absl::MutexLock lock(&mutex_);
  EXPECT_TRUE(answers_[0].second.status.ok());
  const AppendResult& refused = answers_[1].second;
  EXPECT_EQ(refused.status, absl::InvalidArgumentError("bad"));
  EXPECT_EQ(refused.storage_error, StorageErrorCode::kSchemaMismatchExtraFields);
  ASSERT_EQ(refused.row_errors.size(), 2u);
  EXPECT_EQ(refused.row_errors[1].index, 5);
  EXPECT_EQ(refused.row_errors[1].message, "too");
  EXPECT_TRUE(answers_[2].second.status.ok());
}

TEST_F(AppendConnectionTest, WaitsWhileTheWindowIsFull) {
  absl::Notification go;
  FakeWriteService service([&](const SeenRequest& request) {
    if (request.in_call == 0) go.WaitForNotification();
    return Reply::Ok();
  });
  AppendConnectionOptions options;
  options.requests_in_flight_max = 2;
  Connect(service, options);
  AppendAll(2);
  EXPECT_FALSE(connection_->HasRoom(1));
  absl::Notification third_is_in;
  std::thread third([&] {
    EXPECT_TRUE(connection_->Append(Request(destination_, {"row 2"})).ok());
    third_is_in.Notify();
  });
  EXPECT_FALSE(third_is_in.WaitForNotificationWithTimeout(absl::Milliseconds(50)));
  go.Notify();
  third.join();
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(3);
}

TEST_F(AppendConnectionTest, LetsALargeRequestThroughAlone) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  AppendConnectionOptions options;
  options.bytes_in_flight_max = 10;
  Connect(service, options);
  EXPECT_TRUE(connection_->HasRoom(1000));
  ASSERT_TRUE(connection_->Append(Request(destination_, {std::string(1000, 'x')})).ok());
  ASSERT_TRUE(Await().ok());
}

TEST_F(AppendConnectionTest, SurvivesARestartOfTheServer) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  Connect(service);
  AppendAll(1);
  ASSERT_TRUE(Await().ok());
  service.Stop();
  for (int i = 1; i < 4; ++i)
    ASSERT_TRUE(connection_->Append(Request(destination_, {absl::StrCat("row ", i)})).ok());
  service.Start();
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(4);
  EXPECT_EQ(service.stored_rows().size(), 4u);
}

TEST_F(AppendConnectionTest, CallsThatEndWithAnErrorAreCountedByWhatIsDone) {
  const absl::Status ends[] = {
      absl::UnavailableError("the connection is draining"),
      absl::AbortedError("closed"),
      absl::ResourceExhaustedError("quota"),
      absl::PermissionDeniedError("denied (or it may not exist)"),
      absl::InvalidArgumentError("Input schema has more fields than BigQuery schema"),
      absl::OkStatus()};
  FakeWriteService service([&](const SeenRequest& request) {
    return request.call < static_cast<int>(std::size(ends)) ? Reply::EndCall(ends[request.call])
                                                            : Reply::Ok();
  });
  Connect(service);
  AppendAll(1);
  ASSERT_TRUE(Await().ok());
  EXPECT_EQ(connection_->stats().call_errors,
            (std::map<AppendAction, std::int64_t>{{AppendAction::kReopen, 2},
                                                  {AppendAction::kRetry, 1},
                                                  {AppendAction::kCheckTable, 1},
                                                  {AppendAction::kRefetchSchema, 1}}));
}

TEST_F(AppendConnectionTest, CallsThatMeetNoServerAreCountedAsErrors) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  service.Stop();
  AppendConnectionOptions options;
  options.patience.retry_attempts_max = 3;
  Connect(service, options);
  AppendAll(1);
  EXPECT_EQ(Await().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(connection_->stats().call_errors,
            (std::map<AppendAction, std::int64_t>{{AppendAction::kReopen, 3}}));
}

TEST_F(AppendConnectionTest, ACallThatWeEndToOpenAnotherIsNoError) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  Connect(service);
  AppendAll(1);
  ASSERT_TRUE(Await().ok());
  connection_->Reopen();
  ASSERT_TRUE(connection_->Append(Request(destination_, {"again"})).ok());
  ASSERT_TRUE(Await().ok());
  EXPECT_EQ(connection_->stats().calls_opened, 2);
  EXPECT_TRUE(connection_->stats().call_errors.empty());
}

TEST_F(AppendConnectionTest, GivesUpWithTheReason) {
  FakeWriteService service(
      [](const SeenRequest&) { return Reply::EndCall(absl::UnavailableError("Task is overloaded")); });
  AppendConnectionOptions options;
  options.patience.retry_attempts_max = 3;
  options.patience.names.retry_attempts = "--retry-attempts";
  Connect(service, options);
  AppendAll(1);
  const absl::Status status = Await();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "append connection: no answer in 3 attempts (--retry-attempts): Task is overloaded");
  EXPECT_EQ(service.call_count(), 3);
  EXPECT_EQ(connection_->Append(Request(destination_, {"x"})).status(), status);
  const auto told = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !failure_.ok(); };
  absl::MutexLock lock(&mutex_);
  ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&told), absl::Seconds(20)));
  EXPECT_EQ(failure_, status);
}

TEST_F(AppendConnectionTest, ATableThatCallsEndForHasItsOwnPatience) {
  FakeWriteService service([](const SeenRequest& request) {
    return request.call < 8 ? Reply::EndCall(absl::PermissionDeniedError("denied (or it may not exist)"))
                            : Reply::Ok();
  });
  AppendConnectionOptions options;
  options.patience.retry_time_max = absl::ZeroDuration();
  options.patience.retry_attempts_max = 1;
  Connect(service, options);
  AppendAll(4);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(4);
  EXPECT_EQ(service.stored_rows().size(), 4u);
}

TEST_F(AppendConnectionTest, AttemptsAreCountedFromTheLastAnswer) {
  // Each request's first call ends without an answer.
  std::map<std::string, int> seen;
  FakeWriteService service([&](const SeenRequest& request) {
    return seen[request.rows.front()]++ == 0 ? Reply::EndCall(absl::UnavailableError("overloaded"))
                                             : Reply::Ok();
  });
  AppendConnectionOptions options;
  options.patience.retry_attempts_max = 2;
  options.requests_in_flight_max = 1;
  Connect(service, options);
  AppendAll(4);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(4);
  EXPECT_EQ(service.call_count(), 5);
}

TEST_F(AppendConnectionTest, ACallThatWeEndOurselvesIsNoAttempt) {
  absl::Notification seen, renewed;
  FakeWriteService service([&](const SeenRequest& request) {
    if (request.call > 0) return Reply::Ok();
    seen.Notify();
    renewed.WaitForNotificationWithTimeout(absl::Seconds(20));
    return Reply::Ok();
  });
  AppendConnectionOptions options;
  options.patience.retry_attempts_max = 1;
  Connect(service, options);
  AppendAll(1);
  ASSERT_TRUE(seen.WaitForNotificationWithTimeout(absl::Seconds(20)));
  connection_->Reopen();
  renewed.Notify();
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(1);
}

TEST_F(AppendConnectionTest, DoesNotTryAgainWhatCannotSucceed) {
  FakeWriteService service(
      [](const SeenRequest&) { return Reply::EndCall(absl::UnauthenticatedError("no")); });
  Connect(service);
  AppendAll(1);
  EXPECT_EQ(Await().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(service.call_count(), 1);
}

TEST_F(AppendConnectionTest, EndsWhenTheTableIsNoLongerOurs) {
  FakeWriteService service([](const SeenRequest&) { return Reply::EndCall(absl::UnavailableError("gone")); });
  AppendConnectionOptions options;
  options.before_open = [](bool, const absl::Status&) { return absl::FailedPreconditionError("taken over"); };
  Connect(service, options);
  AppendAll(1);
  EXPECT_EQ(Await(), absl::FailedPreconditionError("taken over"));
  EXPECT_EQ(service.call_count(), 1);
}

TEST_F(AppendConnectionTest, OpensAgainWhereAnAnswerIsOverdue) {
  FakeWriteService service([](const SeenRequest& request) {
    Reply reply;
    if (request.call == 0) reply.kind = Reply::Kind::kSilence;
    return reply;
  });
  AppendConnectionOptions options;
  options.answer_time_max = absl::Milliseconds(50);
  Connect(service, options);
  AppendAll(2);
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(2);
}

TEST_F(AppendConnectionTest, AnIdleCallThatWasClosedIsOpenedByTheNextRequest) {
  FakeWriteService service([](const SeenRequest& request) {
    Reply reply;
    if (request.call == 0) {
      reply.kind = Reply::Kind::kAnswerAndEnd;
      reply.end = absl::AbortedError("Closing the stream because it has been inactive for 600 seconds.");
    }
    return reply;
  });
  Connect(service);
  ASSERT_TRUE(connection_->Append(Request(destination_, {"row 0"})).ok());
  ASSERT_TRUE(Await().ok());
  ASSERT_TRUE(connection_->Append(Request(destination_, {"row 1"})).ok());
  ASSERT_TRUE(Await().ok());
  ExpectAnswersInOrder(2);
  EXPECT_EQ(service.call_count(), 2);
}

TEST_F(AppendConnectionTest, CanBeDestroyedInTheMiddle) {
  absl::Notification go;
  FakeWriteService service([&](const SeenRequest&) {
    go.WaitForNotificationWithTimeout(absl::Seconds(5));
    return Reply::Ok();
  });
  Connect(service);
  AppendAll(8);
  connection_->Cancel();
  EXPECT_EQ(connection_->Append(Request(destination_, {"x"})).status().code(), absl::StatusCode::kCancelled);
  connection_.reset();
  go.Notify();
}

}  // namespace
}  // namespace bqcdc::write
