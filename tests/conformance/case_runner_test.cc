#include "tests/conformance/case_runner.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/local_endpoints.h"

namespace bqcdc::conformance {
namespace {

using testing::HasSubstr;

Case Parse(const std::string& text) {
  const auto cases = ParseCases(text, "file");
  EXPECT_TRUE(cases.ok()) << cases.status();
  return cases.ok() && !cases->empty() ? cases->front() : Case();
}

TEST(CaseRunner, SeesEachKindOfDifference) {
  LocalEndpoints endpoints;
  const std::string created = "case c\n  create (id INT64, name STRING, PRIMARY KEY (id) NOT ENFORCED)\n";
  const std::string row = "    {\"_CHANGE_TYPE\": \"UPSERT\", \"id\": 1}\n";
  const std::string without_key = "case c\n  create (id INT64)\n  append\n" + row;
  const std::pair<std::string, const char*> wrong[] = {
      {created + "  append\n" + row + "  error INTERNAL\n", "answered OK"},
      {created + "  append\n" + row + "  ok\n  rows\n", "right is "},
      {created + "  append\n" + row + "  ok\n  offset 0\n", "the answer has no offset"},
      {created + "  append\n" + row + "  ok\n  ended\n", "right is that the call ends"},
      {created + "  append\n" + row + "  ok\n  updated_schema id\n", "updated_schema has the columns ``"},
      {without_key, "refused: INVALID_ARGUMENT"},
      {without_key + "  error INVALID_ARGUMENT another text\n", "it should contain `another text`"},
      {without_key + "  error INVALID_ARGUMENT\n  row_error 0 x\n", "no row error for row 0"},
      {without_key + "  error INVALID_ARGUMENT\n  storage_error STREAM_FINALIZED\n",
       "right is STREAM_FINALIZED"},
      {"case c\n  create (id INT64)\n  connect c columns zz\n  append c\n    {\"zz\": \"x\"}\n"
       "  error INVALID_ARGUMENT\n  storage_error none\n",
       "the answer has the storage errors SCHEMA_MISMATCH_EXTRA_FIELDS, right is none"},
      {created + "  rest GET datasets/$DATASET_ID/tables/$NAME\n  ok\n  field /numRows \"1\"\n",
       "/numRows is \"0\", right is \"1\""},
      {created + "  rest GET datasets/$DATASET_ID/tables/$NAME\n  ok\n  field /numRows absent\n",
       "/numRows is \"0\", right is absent"},
      {created + "  rest GET datasets/$DATASET_ID/tables/$NAME\n  ok\n  field /nothing \"1\"\n",
       "/nothing is absent, right is \"1\""},
      {created + "  rest GET datasets/$DATASET_ID/tables/$NAME\n  ok\n  field nothing \"1\"\n",
       "no JSON pointer"},
      {created + "  rest GET datasets/$DATASET_ID/tables/none\n", "refused: notFound"},
      {created + "  schema c columns id\n", "there is no connection c"},
      {created + "  remember_watermark\n  later_watermark\n", "the watermark was [null] and is now [null]"},
  };
  for (const auto& [text, want] : wrong) {
    SCOPED_TRACE(text);
    const Case test_case = Parse(text);
    const auto endpoint = endpoints.For(test_case);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    const auto difference = CaseRunner(**endpoint, test_case, /*recording=*/nullptr).Run();
    ASSERT_TRUE(difference.has_value());
    EXPECT_THAT(*difference, HasSubstr(want));
  }
}

TEST(CaseRunner, SaysWhatAnEndpointLacksOrIsNotAllowed) {
  EndpointAddresses addresses;
  addresses.storage_target = "127.0.0.1:1";
  addresses.wait_max = absl::Minutes(2);
  const auto endpoint = Endpoint::Connect(addresses);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  addresses.costly = true;
  const auto costly = Endpoint::Connect(addresses);
  ASSERT_TRUE(costly.ok()) << costly.status();

  const auto reason = [&](const std::string& text, Endpoint& at) {
    const Case test_case = Parse("case c\n" + text);
    return CaseRunner(at, test_case, /*recording=*/nullptr).CannotRun().value_or("");
  };
  EXPECT_EQ(reason("  create (id INT64)\n", **endpoint), "");
  EXPECT_EQ(reason("  skip so it is\n", **endpoint), "so it is");
  EXPECT_EQ(reason("  advance 119s\n", **endpoint), "");
  EXPECT_EQ(reason("  advance 1s\n  apply\n", **endpoint), "");
  EXPECT_THAT(reason("  advance 119s\n  advance 2s\n", **endpoint), HasSubstr("--wait-up-to 2m1s"));
  EXPECT_THAT(reason("  apply\n  apply\n  apply\n", **endpoint), HasSubstr("--wait-up-to 3m"));
  EXPECT_EQ(reason("  without_background_apply\n  apply\n", **endpoint),
            "the endpoint applies changes when it likes");
  EXPECT_EQ(reason("  without_background_apply\n  create (id INT64)\n", **endpoint), "");
  EXPECT_EQ(reason("  costly takes all\n", **endpoint), "takes all; --costly runs it");
  EXPECT_EQ(reason("  costly takes all\n", **costly), "");
}

}  // namespace
}  // namespace bqcdc::conformance
