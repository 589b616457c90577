#include "bqcdc/emulator/sql/functions/regexp_replace.h"

#include <gtest/gtest.h>

#include "bqcdc/emulator/sql/functions/output_limits.h"

namespace bqcdc::emulator::sql {
namespace {

std::string GloballyReplaced(const RE2& expression, std::string text, const std::string& rewrite) {
  RE2::GlobalReplace(&text, expression, rewrite);
  return text;
}

TEST(RegexpReplaceTest, GivesWhatGlobalReplaceGives) {
  const std::vector<std::string> patterns = {"",   "a",  "a*", "b*?",      "(a)|(b)",  "x",     "^",
                                             "$",  "^a", "a$", "(?m)^|$",  "\\b",      "[^a]*", "é",
                                             "é*", ".",  ".*", "(a(b)?)+", "(?s).*?b", "\\C",   "(a*)b*"};
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "aaa",
                                          "abab",
                                          "ba\nab\n",
                                          "é",
                                          "éé",
                                          "aéb",
                                          "日本a語",
                                          "a\xF0\x9F\x98\x80"
                                          "b",
                                          "xaxbx",
                                          " a b "};
  const std::vector<std::string> rewrites = {"", "-", "<\\0>", "\\\\", "\\0\\0é", "\\\\\\0\\\\"};
  for (const auto encoding : {RE2::Options::EncodingUTF8, RE2::Options::EncodingLatin1}) {
    RE2::Options options;
    options.set_encoding(encoding);
    for (const std::string& pattern : patterns) {
      const RE2 expression(pattern, options);
      ASSERT_TRUE(expression.ok()) << pattern;
      for (const std::string& text : texts) {
        for (std::string rewrite : rewrites) {
          for (int group = 0; group <= expression.NumberOfCapturingGroups(); ++group) {
            const auto replaced = ReplaceMatches(expression, text, rewrite);
            ASSERT_TRUE(replaced.ok()) << replaced.status();
            EXPECT_EQ(*replaced, GloballyReplaced(expression, text, rewrite))
                << "'" << pattern << "' in '" << text << "' by '" << rewrite << "'";
            rewrite += "\\" + std::to_string(group);
          }
        }
      }
    }
  }
}

TEST(RegexpReplaceTest, StopsWhereTheTextIsTooLong) {
  const std::string text(1'000'000, 'a');
  const RE2 all("a*");
  // One rewrite alone is too long, or many together.
  std::string many_groups;
  for (int i = 0; i < 200; ++i) many_groups += "\\0";
  EXPECT_EQ(ReplaceMatches(all, text, many_groups).status(), OutputTooLong("REGEXP_REPLACE"));
  EXPECT_EQ(ReplaceMatches(RE2(""), text, std::string(1'000, 'b')).status(), OutputTooLong("REGEXP_REPLACE"));
  EXPECT_EQ(ReplaceMatches(all, text, many_groups.substr(0, 200))->size(), 100'000'000U);
}

}  // namespace
}  // namespace bqcdc::emulator::sql
