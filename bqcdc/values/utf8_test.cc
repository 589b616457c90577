#include "bqcdc/values/utf8.h"

#include <gtest/gtest.h>

namespace bqcdc::values {
namespace {

TEST(Utf8Test, EveryCodePointIsWrittenAndKnown) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    AppendUtf8(c, &text);
    const bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(IsUtf8(text), !is_surrogate) << static_cast<uint32_t>(c);
    ASSERT_EQ(Utf8SequenceLength(text + "x"), is_surrogate ? 0 : text.size()) << static_cast<uint32_t>(c);
    ASSERT_EQ(CountCodePoints(text), 1);
  }
}

TEST(Utf8Test, RefusesWhatIsMalformed) {
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xE1\x80", "\xE1\x80x",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF1\x80\x80x", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(Utf8SequenceLength(bad), 0U);
    // Wherever it stands among the eight bytes that are looked at in one step.
    for (size_t before = 0; before < 17; ++before) {
      const std::string text = std::string(before, 'a') + std::string(bad);
      EXPECT_FALSE(IsUtf8(text)) << before;
      EXPECT_FALSE(IsUtf8(text + std::string(9, 'a'))) << before;
    }
  }
  EXPECT_EQ(Utf8SequenceLength(""), 0U);
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain text, and \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 more of it"));
}

}  // namespace
}  // namespace bqcdc::values
