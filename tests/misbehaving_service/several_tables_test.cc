#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/credentials/token_source.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/pipeline/table_binding.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/write/append_connection.h"
#include "bqcdc/write/request_builder.h"
#include "tests/misbehaving_service/misbehaving_service.h"
#include "tests/misbehaving_service/served_table.h"

// Several tables over one connection, and several connections, on a service that misbehaves.
namespace bqcdc::misbehaving {
namespace {

class SeveralTables : public ::testing::Test {
 protected:
  static constexpr int kTables = 3;

  SeveralTables() {
    for (int i = 0; i < kTables; ++i) {
      rest::testing::FakeRestService::Table table;
      table.schema_fields = kSchemaFields;
      rest_.PutTable(Name(i), table);
      const rest::TableName name{"p", "d", absl::StrCat("t", i)};
      auto binding = pipeline::BindTable(name, *client_.GetTable(name));
      EXPECT_TRUE(binding.ok()) << binding.status();
      bindings_.push_back(*std::move(binding));
      expected_.emplace_back();
    }
  }

  static std::string Name(int table) { return absl::StrCat("p.d.t", table); }

  // A request of one row that rewrites key `id` of the table.
  write::AppendRequest Rewrite(int table, std::int64_t id) {
    const std::int64_t value = ++value_;
    const encode::OwnedLine line(
        absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"value":)", value, R"(,"note":"n"})"));
    encode::JsonRowEncoder encoder(bindings_[table].plan, {});
    auto rows = std::make_shared<encode::EncodedRows>();
    EXPECT_EQ(encoder.EncodeLine(line.line(), {{7, static_cast<std::uint64_t>(value), 1, 0}}, rows.get()),
              encode::EncodeError::kNone);
    expected_[table][id] = value;
    return {bindings_[table].destination, write::AllRows(rows)};
  }

  static std::unique_ptr<write::AppendConnection> Connect(const MisbehavingService& service,
                                                          const IdleClock& clock) {
    return std::make_unique<write::AppendConnection>(
        service.MakeChannel(), write::AppendConnectionOptions{.requests_in_flight_max = 5}, clock,
        [](std::int64_t, const write::AppendResult& result) {
          EXPECT_TRUE(result.status.ok()) << result.status;
        },
        [](const absl::Status& status) { ADD_FAILURE() << status; });
  }

  void ExpectTables(MisbehavingService& service) {
    for (int table = 0; table < kTables; ++table) {
      oracle::View view;
      for (const auto& [id, value] : expected_[table]) view.push_back({{id, {}}, value, "n"});
      EXPECT_EQ(service.Show(Name(table)), view) << Name(table);
    }
    for (const std::string& fault : service.journal().protocol_faults) ADD_FAILURE() << fault;
  }

  // A busy machine lets the clock jump too early; so few requests can afford to wait longer.
  IdleClock clock_{absl::FromUnixSeconds(1'790'000'000), /*patience=*/5};
  rest::testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p"}, rest_, no_token_, clock_};
  std::vector<pipeline::TableBinding> bindings_;
  std::vector<std::map<std::int64_t, std::int64_t>> expected_;
  std::int64_t value_ = 0;
};

TEST_F(SeveralTables, ShareOneConnection) {
  Script script;
  for (const FaultKind kind : {FaultKind::kAnswerLost, FaultKind::kBurst, FaultKind::kRequestLost,
                               FaultKind::kServerRestart, FaultKind::kSilent, FaultKind::kHalfOpen}) {
    script.faults.push_back({.kind = kind,
                             .at = 4 + 9 * static_cast<std::int64_t>(script.faults.size()),
                             .count = 3,
                             .duration = absl::Seconds(3)});
  }
  MisbehavingService service(script, clock_, rest_);
  auto connection = Connect(service, clock_);
  for (int i = 0; i < 90; ++i) {
    // Runs of requests to the same table too.
    const int table = i / 3 % 2 == 0 ? i % kTables : i / 9 % kTables;
    ASSERT_TRUE(connection->Append(Rewrite(table, i % 7)).ok());
  }
  EXPECT_TRUE(connection->AwaitAnswers(absl::InfiniteFuture()).ok());
  connection.reset();
  ExpectTables(service);
  for (const FaultKind kind : {FaultKind::kAnswerLost, FaultKind::kServerRestart, FaultKind::kSilent})
    EXPECT_EQ(service.journal().struck.count(kind), 1u) << FaultName(kind);
}

TEST_F(SeveralTables, OverSeveralConnections) {
  Script script;
  for (int i = 0; i < 6; ++i) {
    script.faults.push_back(
        {.kind = i % 2 == 0 ? FaultKind::kAnswerLost : FaultKind::kReset, .at = 5 + 10 * i, .variant = i});
  }
  MisbehavingService service(script, clock_, rest_);
  std::vector<std::unique_ptr<write::AppendConnection>> connections;
  for (int i = 0; i < 4; ++i) connections.push_back(Connect(service, clock_));
  for (int i = 0; i < 90; ++i) {
    const std::int64_t id = i % 8;  // A key keeps to one connection.
    ASSERT_TRUE(connections[static_cast<std::size_t>(id % 4)]->Append(Rewrite(i % kTables, id)).ok());
  }
  for (auto& connection : connections) EXPECT_TRUE(connection->AwaitAnswers(absl::InfiniteFuture()).ok());
  connections.clear();
  ExpectTables(service);
  EXPECT_GE(service.journal().calls.size(), 5u);
}

}  // namespace
}  // namespace bqcdc::misbehaving
