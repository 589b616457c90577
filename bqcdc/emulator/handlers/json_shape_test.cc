#include "bqcdc/emulator/handlers/json_shape.h"

#include <string>

#include "gtest/gtest.h"

namespace bqcdc::emulator::handlers {
namespace {

std::string Repeated(const std::string& text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST(JsonShapeTest, Bounds) {
  struct Case {
    const char* name;
    std::string text;
    bool taken;
  };
  const Case cases[] = {
      {"nothing", "", true},
      {"no JSON", "]]}}\"\\", true},
      {"100 levels", Repeated("[", 100), true},
      {"101 levels", Repeated("[", 101), false},
      {"101 levels of both kinds", Repeated("{\"a\":[", 51), false},
      {"lists beside each other", "[" + Repeated("[],", 1000) + "[]]", true},
      {"brackets in a text", "\"" + Repeated("[", 1000) + "\"", true},
      {"brackets behind a quoted quote", "\"\\\"" + Repeated("[", 1000) + "\"", true},
      {"brackets behind a text that ends in a backslash", "\"\\\\\"" + Repeated("[", 101), false},
      {"two million values", "[" + Repeated("0,", kJsonValuesMax - 2) + "0]", true},
      {"one more", "[" + Repeated("0,", kJsonValuesMax - 1) + "0]", false},
      {"empty lists", "[" + Repeated("[],", kJsonValuesMax) + "0]", false},
  };
  for (const Case& c : cases) EXPECT_EQ(CheckJsonShape(c.text).ok(), c.taken) << c.name;
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
