#include "bqcdc/emulator/catalog/type_widening.h"

#include <gtest/gtest.h>

namespace bqcdc::emulator::catalog {
namespace {

using schema::Column;
using schema::ColumnType;

Column Decimal(ColumnType type, std::optional<int64_t> precision = {}, std::optional<int64_t> scale = {}) {
  return {.name = "c", .type = type, .precision = precision, .scale = scale};
}
Column Text(std::optional<int64_t> length) {
  return {.name = "c", .type = ColumnType::kString, .max_length = length};
}

TEST(TypeWidening, TypesThatHoldEveryValueOfAnother) {
  const Column integer{.name = "c", .type = ColumnType::kInt64};
  const Column real{.name = "c", .type = ColumnType::kFloat64};
  const Column numeric = Decimal(ColumnType::kNumeric), big = Decimal(ColumnType::kBigNumeric);
  EXPECT_TRUE(IsWidening(integer, numeric));
  EXPECT_TRUE(IsWidening(integer, big));
  EXPECT_TRUE(IsWidening(integer, real));
  EXPECT_TRUE(IsWidening(numeric, big));
  EXPECT_TRUE(IsWidening(numeric, real));
  EXPECT_FALSE(IsWidening(numeric, integer));
  EXPECT_FALSE(IsWidening(big, numeric));
  EXPECT_FALSE(IsWidening(big, real));
  EXPECT_FALSE(IsWidening(real, numeric));
  EXPECT_FALSE(IsWidening(integer, Text({})));
}

TEST(TypeWidening, ParametersGrowOrGo) {
  const ColumnType n = ColumnType::kNumeric, b = ColumnType::kBigNumeric;
  EXPECT_TRUE(IsWidening(Text(3), Text(4)));
  EXPECT_TRUE(IsWidening(Text(3), Text({})));
  EXPECT_FALSE(IsWidening(Text(3), Text(2)));
  EXPECT_FALSE(IsWidening(Text({}), Text(2)));
  EXPECT_TRUE(IsWidening(Decimal(n, 10, 2), Decimal(n, 12, 3)));
  EXPECT_TRUE(IsWidening(Decimal(n, 10, 2), Decimal(b, 10, 2)));
  EXPECT_FALSE(IsWidening(Decimal(n, 10, 2), Decimal(n, 10, 3)));  // a digit less before the point
  EXPECT_FALSE(IsWidening(Decimal(b), Decimal(b, 38, 38)));
  EXPECT_TRUE(IsWidening({.name = "c", .type = ColumnType::kInt64}, Decimal(n, 19)));
  EXPECT_FALSE(IsWidening({.name = "c", .type = ColumnType::kInt64}, Decimal(n, 18)));
}

TEST(TypeWidening, FieldsKeepTheirNamesAndWidenToo) {
  const Column before{
      .name = "c", .type = ColumnType::kStruct, .fields = {{.name = "a", .type = ColumnType::kInt64}}};
  Column after = before;
  after.fields[0].type = ColumnType::kNumeric;
  EXPECT_TRUE(IsWidening(before, after));
  EXPECT_FALSE(IsWidening(after, before));
  after.fields[0].name.push_back('b');
  EXPECT_FALSE(IsWidening(before, after));
  after = before;
  after.mode = schema::ColumnMode::kRepeated;
  EXPECT_FALSE(IsWidening(before, after));
}

}  // namespace
}  // namespace bqcdc::emulator::catalog
