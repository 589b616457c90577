#include "bqcdc/rest/write_usage.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/rest/testing/fake_rest_service.h"

namespace bqcdc::rest {
namespace {

class WriteUsageTest : public ::testing::Test {
 protected:
  // `cells`: the one row, as JSON.
  void Answer(const std::string& cells) {
    service_.AnswerQueries(
        "WRITE_API_TIMELINE",
        absl::StrCat(
            R"({"jobComplete":true,"schema":{"fields":[{"name":"f0_","type":"INTEGER"},)",
            R"({"name":"f1_","type":"TIMESTAMP"},{"name":"f2_","type":"INTEGER"},{"name":"f3_","type":"TIMESTAMP"}]},)",
            R"("rows":[{"f":[)", cells, "]}]}"));
  }

  testing::FakeRestService service_;
  credentials::NoToken no_token_;
  BigQueryClient client_{
      {.base_url = "http://fake", .project = "payer"}, service_, no_token_, base::SystemClock::Get()};
};

TEST_F(WriteUsageTest, TellsThePeakAndWhatWasRefused) {
  Answer(R"({"v":"1200000000"},{"v":"1700000040000000"},{"v":"3"},{"v":"1700000100000000"})");
  const auto usage = ReadWriteUsage(client_, "p", "US");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->peak_bytes, 1'200'000'000);
  EXPECT_EQ(usage->peak, absl::FromUnixSeconds(1'700'000'040));
  EXPECT_EQ(usage->exhausted_requests, 3);
  EXPECT_EQ(usage->exhausted_at, absl::FromUnixSeconds(1'700'000'100));
}

TEST_F(WriteUsageTest, WhereNothingWasWrittenAllIsNull) {
  Answer(R"({"v":null},{"v":null},{"v":null},{"v":null})");
  const auto usage = ReadWriteUsage(client_, "p", "US");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->peak_bytes, 0);
  EXPECT_FALSE(usage->peak.has_value());
  EXPECT_EQ(usage->exhausted_requests, 0);
  EXPECT_FALSE(usage->exhausted_at.has_value());
}

TEST_F(WriteUsageTest, OfARefusedMinuteAloneThereIsNoPeak) {
  Answer(R"({"v":"0"},{"v":"1700000040000000"},{"v":"1"},{"v":"1700000040000000"})");
  const auto usage = ReadWriteUsage(client_, "p", "US");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_FALSE(usage->peak.has_value());
  EXPECT_EQ(usage->exhausted_requests, 1);
}

TEST_F(WriteUsageTest, AsksTheRegionOfTheDatasetInLowerCase) {
  Answer(R"({"v":null},{"v":null},{"v":null},{"v":null})");
  const struct {
    const char* location;
    const char* asked;
  } cases[] = {{"US", "FROM `p`.`region-us`.INFORMATION_SCHEMA.WRITE_API_TIMELINE_BY_PROJECT\n"},
               {"EU", "FROM `p`.`region-eu`.INFORMATION_SCHEMA."},
               {"asia-northeast1", "FROM `p`.`region-asia-northeast1`.INFORMATION_SCHEMA."}};
  for (const auto& c : cases) {
    EXPECT_TRUE(ReadWriteUsage(client_, "p", c.location).ok()) << c.location;
    EXPECT_TRUE(absl::StrContains(service_.queries().back(), c.asked)) << service_.queries().back();
    EXPECT_TRUE(absl::StrContains(service_.queries().back(), "INTERVAL 24 HOUR"))
        << service_.queries().back();
  }
}

TEST_F(WriteUsageTest, ALocationThatIsNoneIsNotAsked) {
  for (const char* location : {"", "us`", "us central", "us.x"}) {
    EXPECT_EQ(ReadWriteUsage(client_, "p", location).status(),
              absl::InvalidArgumentError(absl::StrCat("'", location, "' is no location of a dataset")));
  }
  EXPECT_TRUE(service_.requests().empty());
}

TEST_F(WriteUsageTest, AnotherResultIsAnError) {
  EXPECT_EQ(ReadWriteUsage(client_, "p", "US").status().code(), absl::StatusCode::kDataLoss);  // no rows
  Answer(R"({"v":"many"},{"v":null},{"v":null},{"v":null})");
  EXPECT_EQ(ReadWriteUsage(client_, "p", "US").status(),
            absl::DataLossError("WRITE_API_TIMELINE gives no number: 'many'"));
}

}  // namespace
}  // namespace bqcdc::rest
