#include "bqcdc/values/json_text.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace bqcdc::values {
namespace {

TEST(JsonText, TakesJson) {
  for (const char* text :
       {"null", " true ", "false", "0", "-0", "-1.5e+10", "1E5", "123456789012345678901234567890", "\"\"",
        R"("a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", "[]", "[ ]", "{}", "{ }", "[1,2,[3,{}],{\"a\":[]}]",
        R"( {"a" : 1 , "b":{"c":null}} )", "\"\x7f\xc3\xa9\""}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
}

TEST(JsonText, RefusesOtherText) {
  for (const char* text :
       {"",        " ",        "nul",         "nulll",       "True",        "01",
        "-",       "1.",       ".5",          "1e",          "+1",          "\"",
        "\"\n\"",  R"("\x")",  R"("\u12g4")", R"("\ud83d")", R"("\ude00")", R"("\ud83d\u0041")",
        "[",       "]",        "[1,]",        "[,1]",        "[1 2]",       "{",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}",  "{a:1}",       "{\"a\":1]",   "[1}",
        "1 2",     "{}{}",     "'a'",         "NaN"}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
}

TEST(JsonText, DepthIsLimited) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(IsJson(nested(kJsonDepthMax)));
  EXPECT_FALSE(IsJson(nested(kJsonDepthMax + 1)));
  EXPECT_FALSE(IsJson(nested(2), 1));
}

TEST(JsonText, ValuesEndWhereTheyEnd) {
  for (const char* value : {"{}", "[]", "[1, {\"a\": [\"]\"]}]", "{\"a\":\"}\\\"\"}", "\"\"",
                            "\"a\\\"b\\\\\"", "0", "-12.5e+3", "true", "null"}) {
    for (const char* behind : {"", ",1", "}", " ", "x", "\"", ":"})
      EXPECT_EQ(JsonValueSize(std::string(value) + behind), std::string_view(value).size())
          << value << behind;
  }
  for (const char* none :
       {"",  "{",  "[1", "[1,]", "{\"a\"}", "]",   "\"",     "\"a\\\"", "\"\\q\"", "\"\n\"",
        "-", "1.", "1e", "nul",  ",",       " {}", "\tnull", "\n1",     "\r\"\"",  " "})
    EXPECT_EQ(JsonValueSize(none), 0u) << none;
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(JsonValueSize(nested(kJsonDepthMax)), 2u * kJsonDepthMax);
  EXPECT_EQ(JsonValueSize(nested(kJsonDepthMax + 1)), 0u);
}

TEST(JsonText, FaultsHaveAPlace) {
  for (const auto& [text, offset] :
       std::initializer_list<std::pair<const char*, size_t>>{{"", 0},
                                                             {"{\"a\":1,}", 7},
                                                             {"{\"a\" 1}", 5},
                                                             {"{\"a\":1} x", 8},
                                                             {"{\"a\":nul}", 5},
                                                             {"{\"a\":01}", 6},
                                                             {"{\"a\":\"x\ty\"}", 7},
                                                             {"{\"a\":\"x", 7},
                                                             {"[1,2", 4},
                                                             {"[1}", 2}}) {
    EXPECT_EQ(FindJsonFault(text), offset) << text;
  }
  EXPECT_EQ(FindJsonFault(" {} "), std::nullopt);
  EXPECT_EQ(FindJsonFault(std::string(kJsonDepthMax + 1, '[')), std::nullopt);
}

TEST(JsonText, Numbers) {
  EXPECT_TRUE(IsJsonNumber("-12.50e3"));
  for (const char* text : {"", " 1", "1 ", "--1", "1a", "Infinity"}) EXPECT_FALSE(IsJsonNumber(text)) << text;
}

}  // namespace
}  // namespace bqcdc::values
