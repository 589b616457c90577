#include "bqcdc/encode/wire.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "bqcdc/encode/base64.h"
#include "bqcdc/encode/json_string.h"

namespace bqcdc::encode {
namespace {

TEST(Wire, VarintsRoundTripAtEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    for (const uint64_t delta : {0, 1}) {
      const uint64_t value = (bits == 64 ? 0 : uint64_t{1} << bits) - delta;
      char bytes[kVarintBytesMax];
      const char* const end = WriteVarint(value, bytes);
      EXPECT_EQ(static_cast<size_t>(end - bytes), VarintSize(value)) << value;
      uint64_t back = 0;
      EXPECT_EQ(ReadVarint(bytes, end, &back), end);
      EXPECT_EQ(back, value);
      EXPECT_EQ(ReadVarint(bytes, end - 1, &back), nullptr) << "cut off";
      char by_word[kVarintBytesMax];
      const char* const word_end = WriteVarintByWord(value, by_word);
      EXPECT_EQ(std::string_view(by_word, static_cast<size_t>(word_end - by_word)),
                std::string_view(bytes, static_cast<size_t>(end - bytes)));
    }
  }
}

TEST(Base64, BothAlphabetsWithAndWithoutPadding) {
  struct Case {
    const char* text;
    std::string want;
  };
  for (const Case& c : {Case{"", ""}, Case{"AA==", std::string(1, '\0')}, Case{"AA", std::string(1, '\0')},
                        Case{"Zm8=", "fo"}, Case{"Zm8", "fo"}, Case{"Zm9v", "foo"}, Case{"Zm9vYg==", "foob"},
                        Case{"-_-_", "\xfb\xff\xbf"}, Case{"+/+/", "\xfb\xff\xbf"}}) {
    char bytes[16];
    const char* const end = DecodeBase64(c.text, bytes);
    ASSERT_NE(end, nullptr) << c.text;
    EXPECT_EQ(std::string(bytes, static_cast<size_t>(end - bytes)), c.want) << c.text;
  }
  char bytes[16];
  for (const char* text : {"A", "A===", "=", "====", "AA=A", "Zm 8", "Zm8\n", "Zm9v=", "Zm9vY",
                           "\xff\xff\xff\xff", "Zm9vYg==="}) {
    EXPECT_EQ(DecodeBase64(text, bytes), nullptr) << text;
  }
}

TEST(JsonString, Escapes) {
  const auto unescape = [](std::string_view inner) {
    std::string out(inner.size(), '\0');
    const char* const end = UnescapeJson(inner, out.data());
    return end == nullptr ? std::string("refused") : out.substr(0, static_cast<size_t>(end - out.data()));
  };
  EXPECT_EQ(unescape(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescape(R"(\u0041\u00e9\u20AC\uD83D\uDE00)"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(unescape(R"(\u0000)"), std::string(1, '\0'));
  for (const char* bad :
       {"\\", "\\x", "\\u12", "\\u12G4", "\\uD83D", "\\uD83Dx", "\\uD83D\\n", "\\uD83D\\u0041", "\\uDE00"}) {
    EXPECT_EQ(unescape(bad), "refused") << bad;
  }
}

}  // namespace
}  // namespace bqcdc::encode
