#include "bqcdc/emulator/sql/functions/json_document.h"

#include <gtest/gtest.h>

namespace bqcdc::emulator::sql {
namespace {

TEST(JsonDocumentTest, CanonicalForm) {
  EXPECT_EQ(CanonicalJson(R"( {"b" : 1, "a":[ 1.50, 1e2, -0, "\u00e9\n"], "b":2} )").value(),
            "{\"a\":[1.5,100.0,0,\"\u00e9\\n\"],\"b\":1}");
  EXPECT_EQ(CanonicalJson("18446744073709551615").value(), "18446744073709551615");
  EXPECT_FALSE(CanonicalJson("18446744073709551617").ok());
  EXPECT_FALSE(CanonicalJson("{").ok());
  EXPECT_FALSE(CanonicalJson("0.1234567890123456789").ok());
}

TEST(JsonDocumentTest, Paths) {
  const JsonNode root = *ParseJsonText(R"({"a": {"b c": [10, {"d": null}]}, "e.f": 1, "7": 2})");
  const auto at = [&](std::string_view path) -> std::string {
    auto node = FollowJsonPath(root, path);
    if (!node.ok()) return "error";
    return *node == nullptr ? "nothing" : WriteJson(**node);
  };
  EXPECT_EQ(at("$.a.\"b c\"[0]"), "10");
  EXPECT_EQ(at("$['a']['b c'][1].d"), "null");
  EXPECT_EQ(at("$.a[\"b c\"][2]"), "nothing");
  EXPECT_EQ(at("$.\"e.f\""), "1");
  EXPECT_EQ(at("$[7]"), "2");
  EXPECT_EQ(at("$.x.y"), "nothing");
  for (const char* bad : {"", "a", "$.", "$[", "$[x]", "$.a[\"b", "$a"}) EXPECT_EQ(at(bad), "error") << bad;
}

TEST(JsonDocumentTest, Strings) {
  EXPECT_EQ(JsonString("a\"\\\x01\t"), "\"a\\\"\\\\\\u0001\\t\"");
  EXPECT_EQ(ParseJsonText(R"("\ud83d\ude00")")->text, "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace bqcdc::emulator::sql
