#include "bqcdc/emulator/handlers/testing/rest_answer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers::testing {

using nlohmann::json;

json Answer::Json() const { return json::parse(text, nullptr, false); }

void ExpectError(const Answer& answer, int code, const std::string& reason, const std::string& message) {
  EXPECT_EQ(answer.status, code) << answer.text;
  const json body = answer.Json();
  ASSERT_TRUE(body.is_object() && body.contains("error")) << answer.text;
  EXPECT_EQ(body["error"]["code"], code);
  EXPECT_EQ(body["error"]["errors"][0]["reason"], reason) << answer.text;
  EXPECT_THAT(body["error"]["message"].get<std::string>(), ::testing::HasSubstr(message));
  EXPECT_EQ(body["error"]["message"], body["error"]["errors"][0]["message"]);
  EXPECT_EQ(body["error"]["errors"][0]["domain"], "global");
  EXPECT_TRUE(body["error"].contains("status"));
}

std::set<std::string> Keys(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

}  // namespace bqcdc::emulator::handlers::testing
