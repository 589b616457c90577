#include "bqcdc/values/json_document.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bqcdc::values {
namespace {

std::string Canonical(std::string_view text, WideNumbers wide = WideNumbers::kRefuse) {
  std::string storage;
  std::string_view canonical;
  const ValueError error = CanonicalJson(text, wide, &storage, &canonical);
  if (error == ValueError::kNone) return std::string(canonical);
  const char* const label = error == ValueError::kMalformed    ? "malformed: "
                            : error == ValueError::kOutOfRange ? "out of range: "
                                                               : "too precise: ";
  return label + std::string(canonical);
}

TEST(JsonDocumentTest, CanonicalForm) {
  EXPECT_EQ(Canonical(R"( {"b" : 1, "a":[ 1.50, 1e2, -0, "\u00e9\n"], "b":2} )"),
            "{\"a\":[1.5,100.0,0,\"\u00e9\\n\"],\"b\":1}");
  EXPECT_EQ(Canonical(R"({"z":{"b":[{"d":1,"c":2}],"a":null},"y":[]})"),
            R"({"y":[],"z":{"a":null,"b":[{"c":2,"d":1}]}})");
  EXPECT_EQ(Canonical(R"(["\u0041\/"])"), R"(["A/"])");
  EXPECT_EQ(Canonical("{"), "malformed: {");
}

TEST(JsonDocumentTest, CanonicalNumbers) {
  struct Case {
    const char* text;
    const char* refusing;
    const char* rounding;
  };
  for (const Case& c : {
           Case{"18446744073709551615", "18446744073709551615", "18446744073709551615"},
           Case{"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
           Case{"[1,18446744073709551617]", "too precise: 18446744073709551617",
                "[1,1.8446744073709552e+19]"},
           Case{"0.1234567890123456789", "too precise: 0.1234567890123456789", "0.12345678901234568"},
           Case{"1e400", "out of range: 1e400", "out of range: 1e400"},
           Case{"123456789012345680e0", "1.2345678901234568e+17", "1.2345678901234568e+17"},
           Case{"1E15", "1e+15", "1e+15"},
           Case{"0.0001", "0.0001", "0.0001"},
           Case{"0.00001", "1e-05", "1e-05"},
           Case{"-0.0", "-0.0", "-0.0"},
       }) {
    EXPECT_EQ(Canonical(c.text), c.refusing);
    EXPECT_EQ(Canonical(c.text, WideNumbers::kRound), c.rounding);
  }
}

TEST(JsonDocumentTest, TextInCanonicalFormIsNotCopied) {
  for (const std::string_view text :
       {"null", "true", R"("word")", "0", "-12", "999999999999999999", "0.0", "100.0", "0.0001", "-0.25",
        "123456789.000001", "[]", "{}", R"([1,[2,{"a":{},"b":[]}]])", R"({"a":1,"aa":{"z":1},"b":{"a":2}})",
        "{\"\":\"\u00e9\",\"\u00e9\":1}"}) {
    std::string storage;
    std::string_view canonical;
    ASSERT_EQ(CanonicalJson(text, WideNumbers::kRefuse, &storage, &canonical), ValueError::kNone) << text;
    EXPECT_EQ(canonical.data(), text.data()) << text;
    // Nor would it have become another one.
    EXPECT_EQ(Canonical(" " + std::string(text)), text);
  }
  for (const std::string_view text :
       {" 1", "1 ", "[1, 2]", R"({"b":1,"a":2})", R"({"a":1,"a":1})", R"([{"b":{"d":1,"c":1}}])", "-0",
        "1.50", "1.00", "1e2", "0.00001", "1234567890123456.5", R"("\/")", "[{\"b\":{\"a\":1},\"a\":1}]"}) {
    EXPECT_NE(Canonical(text), text);
  }
}

TEST(JsonDocumentTest, Strings) {
  EXPECT_EQ(JsonString("a\"\\\x01\t"), "\"a\\\"\\\\\\u0001\\t\"");
  EXPECT_EQ(ParseJsonText(R"("\ud83d\ude00")")->text, "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace bqcdc::values
