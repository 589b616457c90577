#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/limits.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/testing/reparse.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::sql {
namespace {

struct Case {
  std::string_view text;
  std::string_view want;  // without "Syntax error: "
};

constexpr Case kCases[] = {
    {"", "Unexpected end of script at [1:1]"},
    {" ; ", "Unexpected end of script at [1:4]"},
    {"SLECT 1 AS n", "Unexpected identifier \"SLECT\" at [1:1]"},
    {"`SELECT` 1", "Unexpected identifier `SELECT` at [1:1]"},
    {"SELECT", "Unexpected end of script at [1:7]"},
    {"SELECT FROM t", "Unexpected keyword FROM at [1:8]"},
    {"SELECT a,,b", "Unexpected \",\" at [1:10]"},
    {"SELECT 1 + ", "Unexpected end of script at [1:12]"},
    {"SELECT 1 AS 'x'", "Unexpected string literal 'x' at [1:13]"},
    {"SELECT a b c", "Expected end of input but got identifier \"c\" at [1:12]"},
    {"SELECT 1 2", "Expected end of input but got integer literal \"2\" at [1:10]"},
    {"SELECT 1.5x", "Missing whitespace between literal and alias at [1:11]"},
    {"SELECT (1", "Expected \")\" but got end of script at [1:10]"},
    {"SELECT (1 2)", "Expected \")\" but got integer literal \"2\" at [1:11]"},
    {"SELECT f(1 2)", "Expected \")\" or \",\" but got integer literal \"2\" at [1:12]"},
    {"SELECT f(,)", "Unexpected \",\" at [1:10]"},
    {"SELECT [1, 2", "Expected \"]\" but got end of script at [1:13]"},
    {"SELECT a = b = c", "Unexpected \"=\" at [1:14]"},
    {"SELECT a IS NULL IS NULL", "Unexpected keyword IS at [1:18]"},
    {"SELECT a IS 1", "Unexpected integer literal \"1\" at [1:13]"},
    {"SELECT a IN 1", "Expected \"(\" or keyword UNNEST but got integer literal \"1\" at [1:13]"},
    {"SELECT a BETWEEN 1 OR 2", "Expected keyword AND but got keyword OR at [1:20]"},
    {"SELECT CASE WHEN a THEN b", "Expected keyword END but got end of script at [1:26]"},
    {"SELECT CASE END", "Unexpected keyword END at [1:13]"},
    {"SELECT CAST(a, INT64)", "Expected keyword AS but got \",\" at [1:14]"},
    {"SELECT EXTRACT(YEAR, a)", "Expected keyword FROM but got \",\" at [1:20]"},
    {"SELECT INTERVAL 1", "Unexpected end of script at [1:18]"},
    {"SELECT a OVER (ORDER BY b)", "OVER keyword must follow a function call at [1:10]"},
    {"SELECT f() OVER 1", "Expected \"(\" or identifier but got integer literal \"1\" at [1:17]"},
    {"SELECT ARRAY<INT64(1)", "Expected \">\" but got end of script at [1:22]"},
    {"SELECT STRUCT(1,)", "Unexpected \")\" at [1:17]"},
    {"SELECT x -> 1", "Expected end of input but got \"->\" at [1:10]"},
    {"SELECT f(1 -> 1)", "Unexpected \"->\" at [1:12]"},
    {"SELECT * FROM", "Unexpected end of script at [1:14]"},
    {"SELECT * FROM 'd.t'", "Unexpected string literal 'd.t' at [1:15]"},
    {"SELECT * FROM t WHERE", "Unexpected end of script at [1:22]"},
    {"SELECT * FROM `d..t`", "Invalid empty identifier at [1:15]"},
    {"SELECT * FROM my-p-.d", "Unexpected \"-\" at [1:17]"},
    {"SELECT * FROM my-p.d-x", "Unexpected \"-\" at [1:17]"},
    {"SELECT * FROM (SELECT 1", "Expected \")\" but got end of script at [1:24]"},
    {"SELECT * FROM a NATURAL JOIN b", "NATURAL JOIN is not supported at [1:17]"},
    {"SELECT * FROM a |> WHERE b", "Pipe operators are not supported at [1:17]"},
    {"SELECT 1 UNION SELECT 2", "Expected keyword ALL or keyword DISTINCT but got keyword SELECT at [1:16]"},
    {"SELECT 1 UNION ALL SELECT 2 EXCEPT DISTINCT SELECT 3",
     "Different set operations cannot be used in the same query without using parentheses for grouping at "
     "[1:29]"},
    {"SELECT 1 GROUP a", "Expected keyword BY but got identifier \"a\" at [1:16]"},
    {"SELECT 1 ORDER BY a NULLS", "Expected keyword FIRST or keyword LAST but got end of script at [1:26]"},
    {"WITH t AS SELECT 1 SELECT 2", "Expected \"(\" but got keyword SELECT at [1:11]"},
    {"CREATE", "Unexpected end of script at [1:7]"},
    {"CREATE x", "Unexpected identifier \"x\" at [1:8]"},
    {"CREATE TABLE", "Unexpected end of script at [1:13]"},
    {"CREATE TABLE t (a)", "Unexpected \")\" at [1:18]"},
    {"CREATE TABLE t (a INT64 b)", "Expected \")\" or \",\" but got identifier \"b\" at [1:25]"},
    {"CREATE TABLE t (a INT64 NOT NULL NOT NULL)", "Expected \")\" or \",\" but got keyword NOT at [1:34]"},
    {"CREATE TABLE t (CHECK (a > 1))", "CHECK constraints are not supported at [1:17]"},
    {"CREATE TABLE t (a INT64) OPTIONS(x)", "Expected \"=\" but got \")\" at [1:35]"},
    {"CREATE TABLE t (a INT64) CLUSTER BY a PARTITION BY b",
     "Expected end of input but got keyword PARTITION at [1:39]"},
    {"ALTER TABLE t", "Unexpected end of script at [1:14]"},
    {"ALTER TABLE t SET x", "Expected keyword DEFAULT or keyword OPTIONS but got identifier \"x\" at [1:19]"},
    {"DROP t", "Unexpected identifier \"t\" at [1:6]"},
    {"ALTER", "Unexpected end of script at [1:6]"},
    {"INSERT INTO t", "Unexpected end of script at [1:14]"},
    {"INSERT INTO t VALUES (1", "Expected \")\" or \",\" but got end of script at [1:24]"},
    {"UPDATE t WHERE a", "Expected keyword SET but got keyword WHERE at [1:10]"},
    {"MERGE t USING u ON a", "Expected keyword WHEN but got end of script at [1:21]"},
    {"SELECT 1;\n\tSELECT )", "Unexpected \")\" at [2:16]"},
};

TEST(ParserErrorTest, Table) {
  for (const Case& c : kCases)
    EXPECT_EQ(ReparseScript(c.text), "Syntax error: " + std::string(c.want)) << c.text;
}

TEST(ParserErrorTest, OneStatementIsNotTwo) {
  EXPECT_TRUE(ParseStatement("SELECT 1;").ok());
  EXPECT_EQ(ParseStatement("SELECT 1; SELECT 2").status().message(),
            "Syntax error: Expected end of input but got another statement at [1:11]");
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// Enough to overflow a stack that is not guarded, and short enough for the limit of the text.
constexpr int kFar = 50'000;

TEST(ParserLimitTest, NestingIsRefusedNotCrashed) {
  const std::string_view kOpenings[] = {
      "(",          "[",           "- ",        "NOT ",          "f(",
      "a[",         "CASE ",       "CAST(",     "STRUCT(",       "(SELECT ",
      "a IN (",     "INTERVAL ",   "x, (",      "ARRAY(SELECT ", "EXISTS(SELECT ",
      "CASE WHEN ", "a BETWEEN (", "WITH(a AS "};
  for (const std::string_view opening : kOpenings) {
    EXPECT_THAT(ReparseScript("SELECT " + Repeat(opening, kFar)), testing::HasSubstr("nested too deeply"))
        << opening;
  }
  for (const std::string_view opening : {"(", "(SELECT * FROM ", "((SELECT 1) JOIN ", "f((SELECT * FROM "}) {
    EXPECT_THAT(ReparseScript("SELECT * FROM " + Repeat(opening, kFar)),
                testing::HasSubstr("nested too deeply"))
        << opening;
  }
  EXPECT_THAT(ReparseScript(Repeat("(", kFar) + "SELECT 1"), testing::HasSubstr("nested too deeply"));
  EXPECT_THAT(ReparseScript("SELECT 1 GROUP BY " + Repeat("GROUPING SETS(", kFar)),
              testing::HasSubstr("nested too deeply"));
  EXPECT_THAT(ReparseScript("CREATE TABLE t (a " + Repeat("STRUCT<a ", kFar)),
              testing::HasSubstr("nested too deeply"));
  EXPECT_THAT(ReparseExpression("CAST(a AS " + Repeat("ARRAY<", kFar)),
              testing::HasSubstr("nested too deeply"));
  EXPECT_THAT(ReparseType(Repeat("ARRAY<", kFar)), testing::HasSubstr("nested too deeply"));
}

TEST(ParserLimitTest, OrdinaryNestingIsFine) {
  EXPECT_EQ(ReparseExpression(Repeat("(", 100) + "1" + Repeat(")", 100)), "1");
  EXPECT_EQ(ReparseExpression(Repeat("f(", 100) + "1" + Repeat(")", 100)),
            Repeat("f(", 100) + "1" + Repeat(")", 100));
  // With all parentheses written out this is twice as deep.
  EXPECT_THAT(ReparseExpression(Repeat("+", 150) + "a"), testing::StartsWith("(+ (+ "));
}

// Chains that grow downwards are bounded, also where they begin inside of each other.
TEST(ParserLimitTest, HeightIsBounded) {
  for (const std::string_view link : {" + a", " * a", ".f", "[0]", " || a"}) {
    EXPECT_THAT(ReparseExpression("f(a)" + Repeat(link, kFar)), testing::HasSubstr("too long")) << link;
  }
  std::string nested = "a";
  for (int i = 0; i < 20; ++i) nested = "(" + nested + Repeat(" + a", kTreeHeightMax / 10) + ")";
  EXPECT_THAT(ReparseExpression(nested), testing::HasSubstr("too long"));
  EXPECT_THAT(ReparseScript("SELECT * FROM a" + Repeat(" CROSS JOIN a", kFar)),
              testing::HasSubstr("too long"));
}

TEST(ParserLimitTest, WideTextsAreFine) {
  EXPECT_TRUE(ParseScript("SELECT a" + Repeat(" OR a = 1 AND b = 2", kFar)).ok());
  EXPECT_TRUE(ParseScript("SELECT 1" + Repeat(" UNION ALL SELECT 1", kFar)).ok());
  EXPECT_TRUE(ParseScript("SELECT a IN (1" + Repeat(", 1", kFar) + ")").ok());
  EXPECT_TRUE(ParseScript(Repeat("SELECT 1;", kFar)).ok());
}

}  // namespace
}  // namespace bqcdc::emulator::sql
