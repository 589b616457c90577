#include "bqcdc/emulator/handlers/field_mask.h"

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

TEST(FieldMaskTest, Selects) {
  const json answer = json::parse(R"({"kind":"k","id":"i","jobs":[{"id":1,"status":{"state":"DONE","x":1}},
    {"id":2,"status":{"state":"RUNNING"}},7],"labels":{"a":"1","b":"2"}})");
  struct Case {
    const char* mask;
    const char* expected;
  };
  const Case cases[] = {
      {"kind", R"({"kind":"k"})"},
      {"kind,id", R"({"kind":"k","id":"i"})"},
      {"nothing", R"({})"},
      {"*", nullptr},
      {"jobs/id", R"({"jobs":[{"id":1},{"id":2},7]})"},
      {"jobs(id)", R"({"jobs":[{"id":1},{"id":2},7]})"},
      {"jobs(id,status/state)",
       R"({"jobs":[{"id":1,"status":{"state":"DONE"}},{"id":2,"status":{"state":"RUNNING"}},7]})"},
      {"jobs(status(x)),kind", R"({"kind":"k","jobs":[{"status":{"x":1}},{"status":{}},7]})"},
      {"jobs/status/x,jobs/id", R"({"jobs":[{"id":1,"status":{"x":1}},{"id":2,"status":{}},7]})"},
      {"labels,labels/a", R"({"labels":{"a":"1","b":"2"}})"},
      {"labels/a,labels", R"({"labels":{"a":"1","b":"2"}})"},
      {"*/a", R"({"kind":"k","id":"i","jobs":[{},{},7],"labels":{"a":"1"}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.mask);
    const auto mask = FieldMask::Parse(c.mask);
    ASSERT_TRUE(mask.ok()) << mask.status();
    json selected = answer;
    mask->Apply(&selected);
    EXPECT_EQ(selected, c.expected == nullptr ? answer : json::parse(c.expected));
  }
}

TEST(FieldMaskTest, TellsWhatIsWanted) {
  const auto mask = FieldMask::Parse("rows/f,schema");
  ASSERT_TRUE(mask.ok());
  EXPECT_TRUE(mask->SelectsSomeOf("rows"));
  EXPECT_FALSE(mask->SelectsAllOf("rows"));
  EXPECT_TRUE(mask->SelectsAllOf("schema"));
  EXPECT_FALSE(mask->SelectsSomeOf("kind"));
}

TEST(FieldMaskTest, RefusesWhatIsNoMask) {
  const std::string deep = [] {
    std::string text = "a";
    for (int i = 0; i < 40; ++i) text += "/a";
    return text;
  }();
  for (const std::string& text :
       {std::string(","), std::string("a,"), std::string("a("), std::string("a()"), std::string("a(b"),
        std::string("a)"), std::string("a(b))"), std::string("/a"), std::string("a/"), std::string("a(b)c"),
        deep, std::string(5'000, 'x')}) {
    EXPECT_FALSE(FieldMask::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
