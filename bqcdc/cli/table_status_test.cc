#include "bqcdc/cli/table_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "bqcdc/rest/testing/fake_rest_service.h"

namespace bqcdc::cli {
namespace {

class TableStatusTest : public ::testing::Test {
 protected:
  absl::StatusOr<TableStatus> Read() { return ReadTableStatus(client_, {"p", "d", "t"}); }
  void Watermark(const std::string& cell) {
    rest_.AnswerQueries(
        "upsert_stream_apply_watermark",
        R"({"jobComplete":true,"schema":{"fields":[{"name":"w","type":"TIMESTAMP"}]},"rows":[{"f":[{"v":)" +
            cell + "}]}]}");
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  rest::testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p", .attempts_max = 1},
                               rest_,
                               no_token_,
                               base::SystemClock::Get()};
};

TEST_F(TableStatusTest, ATableThatIsStreamedTo) {
  rest_.PutTable(
      "p.d.t",
      {.labels = {{"bqcdc_epoch", "1699999000000000"}, {"bqcdc_owner", "ab12"}, {"bqcdc_sequence", "own"}}});
  Watermark("\"1699999910000000\"");
  absl::StatusOr<TableStatus> status = Read();
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(FormatStatusText(*status, now_),
            "table:             p.d.t\n"
            "epoch:             1699999000000000 (run of 2023-11-14T21:56:40.000Z)\n"
            "owner:             ab12\n"
            "sequence numbers:  own (the source numbers its changes)\n"
            "max_staleness:     0: every query merges\n"
            "watermark:         2023-11-14T22:11:50.000Z (1m30s ago)\n"
            "unapplied changes: none in the streaming buffer\n"
            "last position:     not known to the table: it is in the checkpoint of the run that writes it, "
            "--checkpoint FILE shows it\n");
  const auto json = nlohmann::json::parse(FormatStatusJson(*status, now_));
  EXPECT_EQ(json["epoch"], 1699999000000000);
  EXPECT_EQ(json["watermark_age_seconds"], 90.0);
  EXPECT_TRUE(json["unapplied_rows"].is_null());

  status->unapplied = rest::StreamingBuffer{1200, 2048};
  status->position = LastPosition{17, "in.jsonl", 321, now_ - absl::Seconds(5)};
  const std::string text = FormatStatusText(*status, now_);
  EXPECT_TRUE(absl::StrContains(text, "unapplied changes: about 1,200 rows, 2.0 KiB\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "last position:     line 17, byte 321 of in.jsonl, 5s ago\n")) << text;
}

TEST_F(TableStatusTest, ATableThatWasNeverWritten) {
  rest_.PutTable("p.d.t", {});
  Watermark("null");
  const absl::StatusOr<TableStatus> status = Read();
  ASSERT_TRUE(status.ok()) << status.status();
  const std::string text = FormatStatusText(*status, now_);
  EXPECT_TRUE(absl::StrContains(text, "epoch:             none: never written by bqcdc\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "last position:     none: never written by bqcdc\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "none: no changes yet")) << text;
  const auto json = nlohmann::json::parse(FormatStatusJson(*status, now_));
  for (const char* name : {"epoch", "owner", "sequence", "watermark", "position"})
    EXPECT_TRUE(json[name].is_null()) << name;
}

TEST_F(TableStatusTest, ErrorsNameWhatIsWrong) {
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kNotFound);
  rest_.PutTable("p.d.t", {.labels = {{"bqcdc_epoch", "x"}}});
  EXPECT_EQ(Read().status().message(), "label bqcdc_epoch of table p.d.t is no number: 'x'");
}

}  // namespace
}  // namespace bqcdc::cli
