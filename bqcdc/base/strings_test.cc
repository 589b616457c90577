#include "bqcdc/base/strings.h"

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

TEST(StringsTest, PiecesOfEveryKind) {
  const std::string_view view = "view";
  std::string text = StrCat(view, " ", std::string("string"), " ", 42, absl::string_view("!"));
  StrAppend(&text, view, 1.5, absl::Hex(255));
  EXPECT_EQ(text, "view string 42!view1.5ff");
  EXPECT_EQ(StrCat(std::string_view{}), "");
}

TEST(StringsTest, StatusesFromPieces) {
  const std::string_view table = "d.t";
  EXPECT_EQ(NotFound("table ", table), absl::NotFoundError("table d.t"));
  EXPECT_EQ(InvalidArgument("row ", 3), absl::InvalidArgumentError("row 3"));
  EXPECT_EQ(Error(absl::StatusCode::kAborted, table), absl::AbortedError("d.t"));
}

TEST(StringsTest, ViewsKeepTheirBytes) {
  const std::string_view zero("a\0b", 3);
  EXPECT_EQ(ToStd(ToAbsl(zero)), zero);
  EXPECT_EQ(std::string(ToCord(zero)), std::string(zero));
}

}  // namespace
}  // namespace bqcdc::base
