#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/testing/reparse.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::sql {
namespace {

struct Case {
  std::string_view text;
  // The tree, with parentheses around every operator. Empty: as the text.
  std::string_view want = "";
};

void Check(const Case& c) { EXPECT_EQ(ReparseExpression(c.text), c.want.empty() ? c.text : c.want); }

constexpr Case kPrecedence[] = {
    {"a or b and not c = d", "(a OR (b AND (NOT (c = d))))"},
    {"a or b or c and d and e", "(a OR b OR (c AND d AND e))"},
    {"(a or b) or c", "((a OR b) OR c)"},
    {"not not a", "(NOT (NOT a))"},
    {"not a between 1 and 2", "(NOT (a BETWEEN 1 AND 2))"},
    {"a | b ^ c & d << e + f || g * h", "(a | (b ^ (c & (d << (e + (f || (g * h)))))))"},
    {"a * b || c + d << e & f ^ g | h", "(((((((a * b) || c) + d) << e) & f) ^ g) | h)"},
    {"a - b - c", "((a - b) - c)"},
    {"a - (b - c)", "(a - (b - c))"},
    {"a / b * c", "((a / b) * c)"},
    {"-a * b", "((-a) * b)"},
    {"- -a", "(- (-a))"},
    {"+~-1", "(+ (~ (-1)))"},
    {"-a.b", "(-a.b)"},
    {"a + b = c - d", "((a + b) = (c - d))"},
    {"a <> b", "(a <> b)"},
    {"a between b + 1 and c and d", "((a BETWEEN (b + 1) AND c) AND d)"},
    {"a is null and b is not true or c is not unknown",
     "(((a IS NULL) AND (b IS NOT TRUE)) OR (c IS NOT UNKNOWN))"},
    {"a is distinct from b + 1", "(a IS DISTINCT FROM (b + 1))"},
    {"a is not distinct from null", "(a IS NOT DISTINCT FROM NULL)"},
    {"a in (1, b + 2)", "(a IN (1, (b + 2)))"},
    {"a not in ((1, 2), (3, 4))", "(a NOT IN ((1, 2), (3, 4)))"},
    {"a in ((1, 2))", "(a IN ((1, 2)))"},
    {"a in (select 1)", "(a IN (SELECT 1))"},
    {"a in ((select 1), 2)", "(a IN ((SELECT 1), 2))"},
    {"a in ((select 1) union all (select 2))", "(a IN ((SELECT 1) UNION ALL (SELECT 2)))"},
    {"a in (array(select 1))", "(a IN (ARRAY(SELECT 1)))"},
    {"a not in unnest([1, 2])", "(a NOT IN UNNEST([1, 2]))"},
    {"a like 'x%' and b not like c || '%'", "((a LIKE \"x%\") AND (b NOT LIKE (c || \"%\")))"},
    {"a like any ('x', 'y') or b not like all unnest(c)",
     "((a LIKE ANY (\"x\", \"y\")) OR (b NOT LIKE ALL UNNEST(c)))"},
    {"a like some ('x')", "(a LIKE ANY (\"x\"))"},
};

TEST(ParseExpressionTest, Precedence) {
  for (const Case& c : kPrecedence) Check(c);
}

constexpr Case kLiterals[] = {
    {"NULL"},
    {"true", "TRUE"},
    {"0x1F"},
    {".5e3"},
    {"1."},
    {"'a\"b'", "\"a\\\"b\""},
    {"b'\\xff'", "b\"\\xff\""},
    {"DATE '2024-01-01'", "DATE \"2024-01-01\""},
    {"timestamp \"x\"", "timestamp \"x\""},
    {"DATETIME r'x'", "DATETIME \"x\""},
    {"TIME 'x'", "TIME \"x\""},
    {"NUMERIC '1'", "NUMERIC \"1\""},
    {"BIGNUMERIC '1'", "BIGNUMERIC \"1\""},
    {"DECIMAL '1'", "DECIMAL \"1\""},
    {"BIGDECIMAL '1'", "BIGDECIMAL \"1\""},
    {"JSON '{}'", "JSON \"{}\""},
    {"RANGE<DATE> '[a, b)'", "RANGE<DATE> \"[a, b)\""},
    {"INTERVAL 15 MINUTE"},
    {"INTERVAL -1 DAY", "INTERVAL (-1) DAY"},
    {"INTERVAL x + 1 DAY", "INTERVAL (x + 1) DAY"},
    {"INTERVAL '0-0 0 0:0:2' YEAR TO SECOND", "INTERVAL \"0-0 0 0:0:2\" YEAR TO SECOND"},
    {"INTERVAL \"4:0:0\" HOUR TO SECOND"},
    {"INTERVAL 1 MICROSECOND + d", "(INTERVAL 1 MICROSECOND + d)"},
    {"@name"},
    {"@select"},
    {"? + ?", "(? + ?)"},
    {"@@time_zone"},
    {"@@a.b"},
};

TEST(ParseExpressionTest, LiteralsAndParameters) {
  for (const Case& c : kLiterals) Check(c);
}

constexpr Case kAccess[] = {
    {"a.b.c"},
    {"`a b`.c"},
    {"`select`"},
    {"a.select"},
    {"a.1st"},
    {"(a).b"},
    {"f(x).y.z"},
    {"a[0]"},
    {"a.b[OFFSET(1)].c"},
    {"a[safe_offset(i)]", "a[SAFE_OFFSET(i)]"},
    {"a[ORDINAL(1)][SAFE_ORDINAL(2)]"},
    {"a[offset]"},
    {"a['k']", "a[\"k\"]"},
    {"[1, 2][0]"},
    {"@p.x"},
    {"(@@a).b"},
    {"(1).x"},
    {"`date`"},
};

TEST(ParseExpressionTest, Access) {
  for (const Case& c : kAccess) Check(c);
}

constexpr Case kCalls[] = {
    {"f()"},
    {"COUNT(*)"},
    {"COUNT(DISTINCT a)"},
    {"SAFE.SUBSTR(a, 1)"},
    {"NET.HOST(a)"},
    {"`p.d.f`(1)", "p.d.f(1)"},
    {"`my-p.d.f`(1)", "`my-p`.d.f(1)"},
    {"IF(a, b, c)"},
    {"LEFT(a, 1) + RIGHT(b, 1)", "(LEFT(a, 1) + RIGHT(b, 1))"},
    {"GROUPING(a)"},
    {"COLLATE(a, 'x')", "COLLATE(a, \"x\")"},
    {"RANGE(a, b)"},
    {"DATE(2024, 1, 1)"},
    {"REPLACE(a, b, c)"},
    {"FORMAT('%d', 1)", "FORMAT(\"%d\", 1)"},
    {"f(a, name => 1 + 2)", "f(a, name => (1 + 2))"},
    {"ARRAY_TRANSFORM(a, x -> x + 1)", "ARRAY_TRANSFORM(a, x -> (x + 1))"},
    {"ARRAY_TRANSFORM(a, (x, i) -> x)"},
    {"ARRAY_AGG(DISTINCT a IGNORE NULLS ORDER BY b DESC, c NULLS LAST LIMIT 3)"},
    {"ARRAY_AGG(a RESPECT NULLS ORDER BY b ASC NULLS FIRST)",
     "ARRAY_AGG(a RESPECT NULLS ORDER BY b NULLS FIRST)"},
    {"ANY_VALUE(a HAVING MAX b)"},
    {"ANY_VALUE(a HAVING MIN b)"},
    {"ROW_NUMBER() OVER ()"},
    {"SUM(a) OVER w"},
    {"SUM(a) OVER (w ORDER BY b)"},
    {"SUM(a) OVER (PARTITION BY b, c ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"},
    {"SUM(a) OVER (ORDER BY d RANGE BETWEEN 1 + 1 PRECEDING AND UNBOUNDED FOLLOWING)",
     "SUM(a) OVER (ORDER BY d RANGE BETWEEN (1 + 1) PRECEDING AND UNBOUNDED FOLLOWING)"},
    {"SUM(a) OVER (ROWS 3 PRECEDING)"},
    {"DATE_TRUNC(a, MONTH)"},
    {"DATE_TRUNC(a, WEEK(MONDAY))"},
    {"SAFE_CAST(a AS INT64)"},
    {"CAST(a AS STRING FORMAT 'YYYY' AT TIME ZONE 'UTC')",
     "CAST(a AS STRING FORMAT \"YYYY\" AT TIME ZONE \"UTC\")"},
    {"CAST(a AS ARRAY<STRUCT<x INT64, STRING>>)"},
    {"CAST(a AS INTERVAL)"},
    {"EXTRACT(YEAR FROM a)"},
    {"EXTRACT(WEEK(MONDAY) FROM a AT TIME ZONE 'UTC')", "EXTRACT(WEEK(MONDAY) FROM a AT TIME ZONE \"UTC\")"},
    {"CURRENT_TIMESTAMP()"},
    {"CURRENT_DATE"},
};

TEST(ParseExpressionTest, Calls) {
  for (const Case& c : kCalls) Check(c);
}

constexpr Case kConstructors[] = {
    {"[]"},
    {"ARRAY[1]"},
    {"ARRAY<INT64>[]"},
    {"ARRAY<STRUCT<a INT64>>[(1), STRUCT(2)]", "ARRAY<STRUCT<a INT64>>[1, STRUCT(2)]"},
    {"ARRAY(SELECT 1)"},
    {"STRUCT(1 AS a, b)"},
    {"STRUCT()"},
    {"STRUCT<>()"},
    {"STRUCT<a INT64, STRING>(1, 'x')", "STRUCT<a INT64, STRING>(1, \"x\")"},
    {"(1, 'a')", "(1, \"a\")"},
    {"((1))", "1"},
    {"EXISTS(SELECT 1)"},
    {"NOT EXISTS (SELECT 1)", "(NOT EXISTS(SELECT 1))"},
    {"(SELECT 1)"},
    {"((SELECT 1))", "(SELECT 1)"},
    {"((SELECT 1) + 1)", "((SELECT 1) + 1)"},
    {"((SELECT 1) LIMIT 1)"},
    {"((SELECT 1), 2)"},
    {"(WITH t AS (SELECT 1) SELECT * FROM t)"},
    {"(WITH(a AS 1, a + 1))", "WITH(a AS 1, (a + 1))"},
    {"CASE WHEN a THEN b END"},
    {"CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END"},
};

TEST(ParseExpressionTest, Constructors) {
  for (const Case& c : kConstructors) Check(c);
}

TEST(ParseExpressionTest, PositionsAreThoseOfTheFirstToken) {
  const auto expression = ParseExpression("\n  (a) + f(\n b)");
  ASSERT_TRUE(expression.ok());
  EXPECT_EQ(FormatPosition((*expression)->position), "[2:3]");
  const auto& sum = As<BinaryExpression>(**expression);
  EXPECT_EQ(FormatPosition(sum.right->position), "[2:9]");
  EXPECT_EQ(FormatPosition(As<FunctionCall>(*sum.right).arguments[0].position), "[3:2]");
}

constexpr Case kTypes[] = {
    {"INT64"},       {"numeric(10, 2)"},
    {"STRING(MAX)"}, {"ARRAY<ARRAY<STRUCT<a ARRAY<INT64>, RANGE<DATE>>>>"},
    {"STRUCT<>"},    {"STRUCT<date DATE, `order` INTERVAL, STRING(3)>"},
    {"INTERVAL"},
};

TEST(ParseTypeTest, Table) {
  for (const Case& c : kTypes) EXPECT_EQ(ReparseType(c.text), c.want.empty() ? c.text : c.want);
}

}  // namespace
}  // namespace bqcdc::emulator::sql
