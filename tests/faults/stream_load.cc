#include "tests/faults/stream_load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace bqcdc::faults {
namespace {

constexpr size_t kRowsOfRequest = 10;
constexpr size_t kInFlight = 4;
constexpr std::chrono::minutes kCallLimit{5};

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
}

}  // namespace

void StreamLoad::Run(Served& served) {
  for (;;) {
    if (group_.empty()) BeginGroup();
    for (Stream& stream : group_) {
      if (!Fill(served, stream)) return;
    }
    if (type_ == v1::WriteStream::PENDING && !CommitGroup(served)) return;
    EndGroup();
  }
}

void StreamLoad::BeginGroup() {
  group_.resize(type_ == v1::WriteStream::PENDING ? 1 + random_() % 3 : 1);
  for (Stream& stream : group_) stream.requests_max = 2 + random_() % 12;
  commit_sent_ = false;
}

void StreamLoad::EndGroup() {
  for (const Stream& stream : group_) settled_.insert(stream.ids.begin(), stream.ids.end());
  seen_["streams"] += static_cast<int64_t>(group_.size());
  group_.clear();
}

bool StreamLoad::Fill(Served& served, Stream& stream) {
  if (stream.finalize_sent) return Finalize(served, stream);
  if (stream.name.empty() ? !Create(served, stream) : !FindAgain(served, stream)) return false;
  return Append(served, stream) && (type_ != v1::WriteStream::BUFFERED || Flush(served, stream)) &&
         Finalize(served, stream);
}

bool StreamLoad::Succeeded(const Served& served, const grpc::Status& status, const char* call) {
  if (status.ok()) return true;
  if (!served.killed) {
    ADD_FAILURE() << table_ << ": " << call << ": " << status.error_code() << " " << status.error_message();
  }
  return false;
}

bool StreamLoad::Create(Served& served, Stream& stream) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::CreateWriteStreamRequest request;
  request.set_parent(TablePath(table_));
  request.mutable_write_stream()->set_type(type_);
  v1::WriteStream response;
  if (!Succeeded(served, served.stub.CreateWriteStream(&context, request, &response), "CreateWriteStream"))
    return false;
  stream.name = response.name();
  return true;
}

bool StreamLoad::FindAgain(Served& served, const Stream& stream) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::GetWriteStreamRequest request;
  request.set_name(stream.name);
  v1::WriteStream response;
  if (!Succeeded(served, served.stub.GetWriteStream(&context, request, &response), "GetWriteStream"))
    return false;
  EXPECT_EQ(response.type(), type_);
  ++seen_["streams that went on after a kill"];
  return true;
}

// The rows of a request stay the same when it is sent again.
std::vector<LoadRow> StreamLoad::RowsOf(Stream& stream, size_t request) {
  while (stream.ids.size() < (request + 1) * kRowsOfRequest) stream.ids.push_back(next_id_++);
  std::vector<LoadRow> rows;
  for (size_t i = 0; i < kRowsOfRequest; ++i) {
    const int64_t id = stream.ids[request * kRowsOfRequest + i];
    rows.push_back({id, id, "some text that is not short"});
  }
  return rows;
}

bool StreamLoad::Append(Served& served, Stream& stream) {
  const size_t sent_before = stream.ids.size() / kRowsOfRequest;
  AppendConnection connection(served.stub, stream.name, /*keyed=*/false);
  for (size_t next = stream.acknowledged; stream.acknowledged < stream.requests_max;) {
    while (next < stream.requests_max && next < stream.acknowledged + kInFlight) {
      const std::vector<LoadRow> rows = RowsOf(stream, next);
      if (!connection.Send(rows, static_cast<int64_t>(next++ * kRowsOfRequest))) break;
    }
    v1::AppendRowsResponse response;
    if (!connection.Receive(&response)) {
      EXPECT_TRUE(served.killed) << table_ << ": the call ended";
      return false;
    }
    if (!Settle(stream, response, stream.acknowledged < sent_before)) return false;
    ++stream.acknowledged;
    if (type_ == v1::WriteStream::BUFFERED && random_() % 4 == 0 && !Flush(served, stream)) return false;
  }
  return true;
}

bool StreamLoad::Settle(const Stream& stream, const v1::AppendRowsResponse& response, bool sent_before) {
  const auto offset = static_cast<int64_t>(stream.acknowledged * kRowsOfRequest);
  if (!response.has_error()) {
    EXPECT_EQ(response.append_result().offset().value(), offset);
    return true;
  }
  // Rows that were stored without an answer.
  if (sent_before && response.error().code() == static_cast<int>(grpc::StatusCode::ALREADY_EXISTS)) {
    ++seen_["requests that a kill left unanswered and stored"];
    return true;
  }
  ADD_FAILURE() << table_ << ", offset " << offset << (sent_before ? ", sent again: " : ": ")
                << response.error().code() << " " << response.error().message();
  return false;
}

bool StreamLoad::Flush(Served& served, Stream& stream) {
  const size_t rows = stream.acknowledged * kRowsOfRequest;
  if (rows == stream.flushed) return true;
  stream.flush_sent = rows;
  grpc::ClientContext context;
  SetDeadline(context);
  v1::FlushRowsRequest request;
  request.set_write_stream(stream.name);
  request.mutable_offset()->set_value(static_cast<int64_t>(rows) - 1);
  v1::FlushRowsResponse response;
  if (!Succeeded(served, served.stub.FlushRows(&context, request, &response), "FlushRows")) return false;
  EXPECT_EQ(response.offset(), static_cast<int64_t>(rows) - 1);
  stream.flushed = rows;
  return true;
}

bool StreamLoad::Finalize(Served& served, Stream& stream) {
  stream.finalize_sent = true;
  grpc::ClientContext context;
  SetDeadline(context);
  v1::FinalizeWriteStreamRequest request;
  request.set_name(stream.name);
  v1::FinalizeWriteStreamResponse response;
  if (!Succeeded(served, served.stub.FinalizeWriteStream(&context, request, &response),
                 "FinalizeWriteStream"))
    return false;
  EXPECT_EQ(response.row_count(), static_cast<int64_t>(stream.ids.size()));
  return true;
}

bool StreamLoad::CommitGroup(Served& served) {
  const bool again = std::exchange(commit_sent_, true);
  grpc::ClientContext context;
  SetDeadline(context);
  v1::BatchCommitWriteStreamsRequest request;
  request.set_parent(TablePath(table_));
  for (const Stream& stream : group_) request.add_write_streams(stream.name);
  v1::BatchCommitWriteStreamsResponse response;
  if (!Succeeded(served, served.stub.BatchCommitWriteStreams(&context, request, &response),
                 "BatchCommitWriteStreams"))
    return false;
  for (const v1::StorageError& error : response.stream_errors()) {
    EXPECT_TRUE(again) << error.error_message();
    EXPECT_EQ(error.code(), v1::StorageError::STREAM_ALREADY_COMMITTED) << error.error_message();
  }
  if (again)
    ++seen_[response.stream_errors().empty() ? "commits lost by a kill"
                                             : "commits that a kill left unanswered"];
  ++seen_["commits"];
  return true;
}

void StreamLoad::Check(const std::map<std::string, StoredTable>& stored) {
  std::set<int64_t> shown;
  for (const StoredRow& row : stored.at(table_).rows)
    ASSERT_TRUE(shown.insert(row.id).second) << table_ << ": row " << row.id << " shows twice";
  for (const int64_t id : settled_)
    ASSERT_TRUE(shown.contains(id)) << table_ << ": row " << id << " is missing";
  size_t explained = settled_.size(), sent = 0, committed = 0;
  for (Stream& stream : group_) {
    size_t first = 0;
    while (first < stream.ids.size() && shown.contains(stream.ids[first])) ++first;
    for (size_t i = first; i < stream.ids.size(); ++i)
      ASSERT_FALSE(shown.contains(stream.ids[i]))
          << table_ << ": row " << i << " shows without one before it";
    CheckStream(stream, first);
    explained += first;
    sent += stream.ids.size();
    committed += first;
  }
  if (commit_sent_ && !group_.empty()) {
    ++seen_["kills during a commit"];
    EXPECT_TRUE(committed == 0 || committed == sent)
        << table_ << ": " << committed << " of " << sent << " rows";
  }
  EXPECT_EQ(explained, shown.size()) << table_ << ": rows show that were never sent";
}

void StreamLoad::CheckStream(Stream& stream, size_t shown) {
  switch (type_) {
    case v1::WriteStream::COMMITTED:
      EXPECT_GE(shown, stream.acknowledged * kRowsOfRequest) << table_;
      EXPECT_EQ(shown % kRowsOfRequest, 0u) << table_ << ": a part of a request shows";
      break;
    case v1::WriteStream::BUFFERED:
      EXPECT_TRUE(shown == stream.flushed || shown == stream.flush_sent)
          << table_ << ": " << shown << " rows show, " << stream.flushed << " or " << stream.flush_sent
          << " were flushed";
      seen_["kills during a flush"] += stream.flushed != stream.flush_sent;
      seen_["flushes that a kill left unanswered and done"] += shown > stream.flushed;
      stream.flushed = stream.flush_sent = shown;
      break;
    default:
      EXPECT_TRUE(commit_sent_ || shown == 0) << table_ << ": rows show before the commit";
  }
}

}  // namespace bqcdc::faults
