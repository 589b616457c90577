#include "bqcdc/emulator/sql/functions/json_path.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bqcdc::emulator::sql {
namespace {

using values::JsonNode;
using values::ParseJsonText;
using values::WriteJson;

TEST(JsonPathTest, Paths) {
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

}  // namespace
}  // namespace bqcdc::emulator::sql
