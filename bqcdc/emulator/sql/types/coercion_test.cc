#include "bqcdc/emulator/sql/types/coercion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bqcdc/emulator/sql/types/text_conversion.h"

namespace bqcdc::emulator::sql {
namespace {

using K = TypeKind;

TEST(CoercionTest, Supertypes) {
  const ArgumentType int_expression{K::kInt64};
  const ArgumentType numeric_expression{K::kNumeric};
  const ArgumentType float_literal{K::kFloat64, true};
  const ArgumentType text_literal{K::kString, true};
  const ArgumentType date_expression{K::kDate};
  const ArgumentType null{K::kInt64, true, true};
  EXPECT_EQ(FindSupertype({int_expression, numeric_expression}), Type(K::kNumeric));
  EXPECT_EQ(FindSupertype({numeric_expression, {K::kFloat64}}), Type(K::kFloat64));
  EXPECT_EQ(FindSupertype({numeric_expression, {K::kBigNumeric}}), Type(K::kBigNumeric));
  EXPECT_EQ(FindSupertype({numeric_expression, float_literal}), Type(K::kNumeric));
  EXPECT_EQ(FindSupertype({int_expression, float_literal}), Type(K::kFloat64));
  EXPECT_EQ(FindSupertype({date_expression, text_literal}), Type(K::kDate));
  EXPECT_EQ(FindSupertype({null, {K::kString}}), Type(K::kString));
  EXPECT_EQ(FindSupertype({null, null}), Type(K::kInt64));
  EXPECT_FALSE(FindSupertype({int_expression, {K::kString}}).has_value());
  EXPECT_FALSE(FindSupertype({date_expression, {K::kTimestamp}}).has_value());
}

TEST(CoercionTest, StructsTakeTheNamesOfTheFirst) {
  const Type named = Type::Struct({{"a", K::kInt64}, {"b", K::kString}});
  const Type plain = Type::Struct({{"", K::kFloat64}, {"", K::kString}});
  const std::optional<Type> type = FindSupertype({{named, true}, {plain, true}});
  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type->ToString(), "STRUCT<a FLOAT64, b STRING>");
}

TEST(CoercionTest, Casts) {
  EXPECT_TRUE(CastExists(K::kString, K::kDate));
  EXPECT_TRUE(CastExists(K::kTimestamp, K::kTime));
  EXPECT_FALSE(CastExists(K::kDate, K::kInt64));
  EXPECT_FALSE(CastExists(K::kTime, K::kTimestamp));
  EXPECT_FALSE(CastExists(K::kBool, K::kFloat64));
  EXPECT_FALSE(CastExists(K::kString, K::kJson));
}

TEST(TextConversionTest, Numbers) {
  EXPECT_EQ(TextToInt64(" -0x10 ").value(), -16);
  EXPECT_EQ(TextToInt64("-9223372036854775808").value(), INT64_MIN);
  for (const char* bad : {"", "9223372036854775808", "1.0", "1 2", "0x", "+-1", "1e3"}) {
    EXPECT_FALSE(TextToInt64(bad).ok()) << bad;
  }
  EXPECT_EQ(TextToFloat64(" +Inf ").value(), HUGE_VAL);
  EXPECT_FALSE(TextToFloat64("1e999").ok());
  EXPECT_FALSE(TextToFloat64("").ok());
  EXPECT_EQ(Float64ToText(0.1), "0.1");
  EXPECT_EQ(Float64ToText(1e20), "1e+20");
  EXPECT_EQ(Float64ToText(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(Float64ToText(-0.0), "0");
  EXPECT_EQ(Float64ToInt64(-2.5).value(), -3);
  EXPECT_FALSE(Float64ToInt64(9223372036854775808.0).ok());
  EXPECT_TRUE(TextToBool("TRUE").value());
  EXPECT_FALSE(TextToBool(" true").ok());
}

}  // namespace
}  // namespace bqcdc::emulator::sql
