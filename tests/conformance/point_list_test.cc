#include "tests/conformance/point_list.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/case_library.h"

namespace bqcdc::conformance {
namespace {

using testing::HasSubstr;

TEST(PointList, EveryPointIsAskedByACaseOrSaysWhyNot) {
  const auto points = LoadPoints(BQCDC_CONFORMANCE_POINTS);
  ASSERT_TRUE(points.ok()) << points.status();
  const auto cases = LoadCases(BQCDC_CONFORMANCE_CASES);
  ASSERT_TRUE(cases.ok()) << cases.status();
  EXPECT_EQ(CheckPoints(*points, *cases), absl::OkStatus());
  EXPECT_GT(points->size(), 40u);
}

constexpr char kTwoPoints[] = R"(
point asked
  open a text
  here this one
point unasked
  open another text
  here that one
)";

struct Fault {
  const char* name;
  const char* points;
  const char* cases;
  const char* want;  // empty: none
};

TEST(PointList, FindsWhatIsNotAccountedFor) {
  const std::string both = std::string(kTwoPoints) + "  not_probed needs a key\n";
  const Fault faults[] = {
      {"all is there", both.c_str(), "case a\n  unconfirmed asked\n", ""},
      {"no case and no reason", kTwoPoints, "case a\n  unconfirmed asked\n",
       "point unasked has neither a case nor a reason"},
      {"a case that is never run", both.c_str(), "case a\n  unconfirmed asked\n  skip because\n",
       "point asked has neither a case nor a reason"},
      {"both", both.c_str(), "case a\n  unconfirmed asked\ncase b\n  unconfirmed unasked\n",
       "point unasked has a case and a reason not to have one"},
      {"a case of no point", both.c_str(), "case a\n  unconfirmed asked\ncase b\n  unconfirmed nothing\n",
       "case b is one of nothing, which is no point"},
      {"no decision", "point a\n  open b\n", "case a\n  unconfirmed a\n", "point a does not say"},
      {"twice", "point a\n  open b\n  here c\npoint a\n  open b\n  here c\n", "case a\n  unconfirmed a\n",
       "point a is listed twice"},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.name);
    const auto points = ParsePoints(fault.points, "points");
    ASSERT_TRUE(points.ok()) << points.status();
    const auto cases = ParseCases(fault.cases, "cases");
    ASSERT_TRUE(cases.ok()) << cases.status();
    const absl::Status checked = CheckPoints(*points, *cases);
    EXPECT_EQ(checked.ok(), std::string(fault.want).empty()) << checked;
    EXPECT_THAT(std::string(checked.message()), HasSubstr(fault.want));
  }
}

TEST(PointList, FaultsOfTheTextNameTheirLine) {
  const std::pair<const char*, const char*> faults[] = {
      {"  open a\n", "f:1: a text before the first point"},
      {"\nproint a\n", "f:2: expected `point NAME`"},
      {"point a\n  closed b\n", "f:2: unknown word `closed`"},
      {"point a\n  open b\n  open c\n", "f:3: a second `open` of a point"},
  };
  for (const auto& [text, want] : faults)
    EXPECT_EQ(ParsePoints(text, "f").status(), absl::InvalidArgumentError(want));
}

}  // namespace
}  // namespace bqcdc::conformance
