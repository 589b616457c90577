#include "tests/faults/default_stream_load.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"

namespace bqcdc::faults {
namespace {

constexpr int kRowsOfRequest = 20;
constexpr size_t kInFlight = 8;
constexpr int64_t kKeysRewritten = 50;
constexpr int kBadEvery = 10;  // requests

}  // namespace

DefaultStreamLoad::Request DefaultStreamLoad::Next() {
  Request request;
  request.bad = rows_ == DefaultStreamRows::kPlain && requests_++ % kBadEvery == kBadEvery - 1;
  for (int i = 0; i < kRowsOfRequest; ++i) {
    const int64_t value = next_++;
    if (rows_ == DefaultStreamRows::kPlain) {
      const bool bad = request.bad && i == kRowsOfRequest / 2;
      request.rows.push_back({value, value, bad ? "\xff" : "some text that is not short"});
    } else {
      const int64_t key = rows_ == DefaultStreamRows::kKeysOnce ? value : value % kKeysRewritten;
      request.rows.push_back({key, value, "text", "UPSERT", absl::StrCat(absl::Hex(value), "/1")});
    }
  }
  return request;
}

void DefaultStreamLoad::Run(Served& served) {
  {
    absl::MutexLock lock(&mutex_);
    in_flight_.clear();
    over_ = false;
  }
  AppendConnection connection(served.stub, DefaultStreamOf(table_), rows_ != DefaultStreamRows::kPlain);
  std::thread receiver([&] { Receive(connection, served); });
  const auto may_send = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return over_ || in_flight_.size() < kInFlight;
  };
  for (bool alive = true; alive;) {
    std::vector<LoadRow> rows;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&may_send));
      if (over_) break;
      in_flight_.push_back(Next());
      for (const LoadRow& row : in_flight_.back().rows) {
        if (rows_ != DefaultStreamRows::kPlain) keys_[row.id].sent = row.value;
      }
      rows = in_flight_.back().rows;
    }
    alive = connection.Send(rows);
  }
  receiver.join();
}

void DefaultStreamLoad::Receive(AppendConnection& connection, const Served& served) {
  const auto has_sent = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !in_flight_.empty(); };
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);  // gRPC starts the call with the first message
      mutex_.Await(absl::Condition(&has_sent));
    }
    v1::AppendRowsResponse response;
    const bool alive = connection.Receive(&response);
    absl::MutexLock lock(&mutex_);
    if (alive) {
      Settle(in_flight_.front(), response);
      in_flight_.pop_front();
    } else {
      EXPECT_TRUE(served.killed) << table_ << ": the call ended";
      over_ = true;
      return;
    }
  }
}

void DefaultStreamLoad::Settle(const Request& request, const v1::AppendRowsResponse& response) {
  EXPECT_EQ(response.has_error(), request.bad) << table_ << ": " << response.error().message();
  ++seen_[request.bad ? "requests refused" : "requests acknowledged"];
  for (const LoadRow& row : request.rows) {
    if (rows_ == DefaultStreamRows::kPlain) {
      (request.bad ? refused_ : acknowledged_).insert(row.id);
    } else {
      keys_[row.id].acknowledged = row.value;
    }
  }
}

void DefaultStreamLoad::Check(const std::map<std::string, StoredTable>& stored) {
  const std::vector<StoredRow>& shown = stored.at(table_).rows;
  rows_ == DefaultStreamRows::kPlain ? CheckPlain(shown) : CheckKeys(shown);
}

void DefaultStreamLoad::CheckPlain(const std::vector<StoredRow>& rows) {
  std::set<int64_t> shown;
  for (const StoredRow& row : rows) {
    ASSERT_TRUE(shown.insert(row.id).second) << "row " << row.id << " shows twice";
    ASSERT_LT(row.id, next_) << "row " << row.id << " was never sent";
    ASSERT_FALSE(refused_.contains(row.id)) << "row " << row.id << " was refused and shows";
  }
  for (const int64_t id : acknowledged_)
    ASSERT_TRUE(shown.contains(id)) << "acknowledged row " << id << " is missing";
}

// Its changes are sent in the order of their values.
void DefaultStreamLoad::CheckKeys(const std::vector<StoredRow>& rows) {
  std::map<int64_t, int64_t> values;
  for (const StoredRow& row : rows)
    ASSERT_TRUE(values.emplace(row.id, row.value).second) << "key " << row.id << " shows twice";
  for (const auto& [key, expected] : keys_) {
    const auto found = values.find(key);
    const int64_t value = found == values.end() ? -1 : found->second;
    ASSERT_GE(value, expected.acknowledged) << table_ << ", key " << key;
    ASSERT_LE(value, expected.sent) << table_ << ", key " << key;
  }
}

}  // namespace bqcdc::faults
