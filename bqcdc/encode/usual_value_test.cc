#include "bqcdc/encode/usual_value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bqcdc/base/testing/proof.h"
#include "bqcdc/encode/json_scalar_encoder.h"
#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::encode {
namespace {

// The token with what stands behind it in a line.
class Token {
 public:
  Token(std::string text, std::string_view behind) : size_(text.size()), bytes_(std::move(text)) {
    bytes_.append(behind);
    bytes_.resize(size_ + std::max(behind.size(), kValuePaddingBytes), ' ');
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  size_t size_;
  std::string bytes_;
};

std::shared_ptr<const EncodePlan> Plan() {
  return *EncodePlan::Create(
      {*schema::ParseInlineSchema("id:INT64,f:FLOAT64,n:NUMERIC,b:BOOL,s:STRING,d:DATE,ts:TIMESTAMP,"
                                  "dt:DATETIME,t:TIME,y:BYTES,g:BIGNUMERIC,j:JSON"),
       {"id"}});
}

std::string Row(const EncodedRows& rows) { return std::string(rows.row(rows.row_count() - 1)); }

TEST(ByteBlockTest, MasksSayWhichBytes) {
  std::mt19937_64 random(base::TestSeed());
  for (int i = 0; i < 1000; ++i) {
    char bytes[ByteBlock::kSize];
    for (char& c : bytes)
      c = random() % 2 == 0 ? static_cast<char>(random()) : "09/:\"\\ \x1f\x7f\x80"[random() % 10];
    const ByteBlock block(bytes);
    const auto where = [&](auto is) {
      uint32_t mask = 0;
      for (size_t at = 0; at < ByteBlock::kSize; ++at)
        mask |= uint32_t{is(static_cast<unsigned char>(bytes[at]))} << at;
      return mask;
    };
    EXPECT_EQ(block.Equal(bytes[3]),
              where([&](unsigned char c) { return c == static_cast<unsigned char>(bytes[3]); }));
    EXPECT_EQ(block.Equal(ByteBlock(bytes)), 0xFFFFu);
    EXPECT_EQ(block.TextStops(), where([](unsigned char c) { return c == '"' || c == '\\' || c < ' '; }));
    EXPECT_EQ(block.NoDigits(), where([](unsigned char c) { return c < '0' || c > '9'; }));
    EXPECT_EQ(block.NotAscii(), where([](unsigned char c) { return c > 0x7F; }));
    EXPECT_EQ(ByteBlock::PortableMask(bytes), block.NotAscii());
  }
}

TEST(ShortNumberTest, Integers) {
  const auto read = [](std::string text) -> std::string {
    const Token token(text, ",123456789012345678");
    int64_t value = 0;
    return ReadShortInteger(token.text(), &value) ? std::to_string(value) : "refused";
  };
  for (const char* taken :
       {"0", "7", "-7", "10", "12345678", "123456789", "-1234567890123456", "9999999999999999"}) {
    EXPECT_EQ(read(taken), taken);
  }
  EXPECT_EQ(read("-0"), "0");
  for (const char* refused : {"-", "00", "01", "-01", "1.0", "1e5", "12345678901234567", "+1", "1 ", "a",
                              "1a", "\"1\"", "/", ":", "1234567:", "12345678/", "\xb1", "1\xff"}) {
    EXPECT_EQ(read(refused), "refused") << refused;
  }
}

TEST(ShortNumberTest, Decimals) {
  const auto read = [](std::string text) -> std::string {
    const Token token(text, ",5.1,25");
    ShortDecimal number;
    if (TakeShortDecimal(token.text().data(), &number) != token.text().data() + token.text().size())
      return "refused";
    return std::to_string(number.digits) + " " + std::to_string(number.scale);
  };
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c : {Case{"0", "0 0"},
                        Case{"12", "12 0"},
                        Case{"-1.5", "-15 1"},
                        Case{"0.25", "25 2"},
                        Case{"0.0", "0 1"},
                        Case{"1.0", "10 1"},
                        Case{"1234567.8", "12345678 1"},
                        Case{"12345678.9", "123456789 1"},
                        Case{"0.12345678901234", "12345678901234 14"},
                        Case{"123456789012345.6", "refused"},
                        Case{"12345678901234.5", "123456789012345 1"},
                        Case{"1234567890123456", "1234567890123456 0"},
                        Case{"12345678901234567", "refused"},
                        Case{"-0", "refused"},
                        Case{"-0.0", "refused"},
                        Case{"", "refused"},
                        Case{"-", "refused"},
                        Case{".5", "refused"},
                        Case{"5.", "refused"},
                        Case{"1.2.3", "refused"},
                        Case{"01.5", "refused"},
                        Case{"00", "refused"},
                        Case{"1e5", "refused"},
                        Case{"1.5e3", "refused"},
                        Case{"1,5", "refused"},
                        Case{"nan", "refused"},
                        Case{"..", "refused"}}) {
    EXPECT_EQ(read(c.text), c.want) << c.text;
  }
}

// Whatever is taken is what the general way makes of it; and what it is there for is taken.
TEST(UsualValueTest, WritesWhatTheGeneralWayWrites) {
  const auto plan = Plan();
  std::mt19937_64 random(base::TestSeed());
  const auto below = [&](uint64_t limit) { return random() % limit; };
  const auto digits = [&](size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += static_cast<char>('0' + below(10));
    return text;
  };
  const auto make_token = [&]() -> std::string {
    static const std::vector<std::string> kOdd = {"true",
                                                  "false",
                                                  "True",
                                                  "tru",
                                                  "falsey",
                                                  "null",
                                                  "\"",
                                                  "\"\"",
                                                  "{",
                                                  "[",
                                                  "}",
                                                  ",",
                                                  ":",
                                                  "-",
                                                  "\"true\"",
                                                  "719162",
                                                  "-719162",
                                                  "2932896",
                                                  "2932897",
                                                  "-719163",
                                                  "9007199254740992",
                                                  "9007199254740993",
                                                  "99999999999999.99",
                                                  "9223372036.854775",
                                                  "9223372036854775",
                                                  "\"1.5\"",
                                                  "\"-0\"",
                                                  "-0",
                                                  "-0.0",
                                                  "1e3",
                                                  "0.1234567890",
                                                  "0.123456789",
                                                  "\"2024-01-01\"",
                                                  "\"abc\\n\"",
                                                  "\"\\\"\"",
                                                  "\"abc",
                                                  "abc\""};
    // A date and time, of which a sign is another now and then, or a part is missing.
    const auto civil = [&] {
      static constexpr const char* kZones[] = {"", "", "Z", "+00", "+00:00", " UTC", "z", "+01", "-00:30"};
      std::string text =
          digits(4) + "-" + std::to_string(10 + below(4)) + "-" + std::to_string(10 + below(23));
      const std::string time = std::to_string(10 + below(15)) + ":" + std::to_string(10 + below(51)) + ":" +
                               std::to_string(10 + below(51)) + (below(2) == 0 ? "" : "." + digits(below(8)));
      const uint64_t parts = below(4);
      if (parts == 0) text = time;
      if (parts > 1) text += (below(2) == 0 ? "T" : " ") + time + kZones[below(std::size(kZones))];
      if (below(8) == 0) text[below(text.size())] = "0/:x -T.\\"[below(9)];
      if (below(16) == 0) text.resize(below(text.size()));
      return "\"" + text + "\"";
    };
    switch (below(8)) {
      case 6:
      case 7:
        return civil();
      case 0:
        return kOdd[below(kOdd.size())];
      case 1:
        return (below(3) == 0 ? "-" : "") + digits(1 + below(19));
      case 2:
      case 3: {
        const std::string number =
            (below(3) == 0 ? "-" : "") + digits(1 + below(10)) + "." + digits(below(11));
        return below(3) == 0 ? "\"" + number + "\"" : number;
      }
      default: {
        std::string text(below(80), 'x');
        for (char& c : text) c = static_cast<char>(' ' + below(94));
        std::erase(text, '"');
        if (below(2) == 0) std::erase(text, '\\');
        return "\"" + text + "\"";
      }
    }
  };
  const std::string behind[] = {",\"next\":1}", "}", ", \"a\\\\b\":2}", " 0123456789.0123456789"};
  std::map<ValueEncoder, int> taken;
  JsonScalarEncoder general;
  EncodedRows rows;
  for (int i = 0; i < 200'000; ++i) {
    const ColumnPlan& column = plan->row().column(below(plan->row().column_count() - 2));
    const Token token(make_token(), behind[below(std::size(behind))]);
    rows.Clear();
    RowOutput usual;
    usual.Open(&rows);
    const bool is_usual = WriteUsualValue(column, token.text(), &usual);
    EXPECT_TRUE(!is_usual || HasUsualValues(column)) << column.name;
    if (!is_usual) {
      EXPECT_EQ(usual.position(), 0u) << token.text();
      continue;
    }
    usual.Close({});
    const std::string got = Row(rows);
    RowOutput output;
    output.Open(&rows);
    ASSERT_EQ(general.Encode(column, token.text(), &output), EncodeError::kNone)
        << column.name << " " << token.text() << ", seed " << base::TestSeed();
    output.Close({});
    ASSERT_EQ(got, Row(rows)) << column.name << " " << token.text() << ", seed " << base::TestSeed();
    ++taken[column.encoder];
  }
  for (const ValueEncoder encoder : {ValueEncoder::kInt64, ValueEncoder::kFloat64, ValueEncoder::kNumeric,
                                     ValueEncoder::kString, ValueEncoder::kTimestamp})
    EXPECT_GT(taken[encoder], 1000) << static_cast<int>(encoder);
  EXPECT_GT(taken[ValueEncoder::kBool], 50);
  EXPECT_GT(taken[ValueEncoder::kDate], 200);
  EXPECT_GT(taken[ValueEncoder::kDatetime], 100);
  EXPECT_GT(taken[ValueEncoder::kTime], 200);
  for (const ColumnPlan& column : plan->row().columns())
    EXPECT_EQ(HasUsualValues(column), taken.contains(column.encoder)) << column.name;
}

TEST(UsualValueTest, LeavesWhatHasLimitsToTheGeneralWay) {
  const auto plan =
      *EncodePlan::Create({*schema::ParseInlineSchema("id:INT64,s:STRING(5),n:NUMERIC(5,2)"), {"id"}});
  EncodedRows rows;
  RowOutput output;
  output.Open(&rows);
  EXPECT_FALSE(WriteUsualValue(plan->row().column(1), Token("\"abcdef\"", "").text(), &output));
  EXPECT_FALSE(WriteUsualValue(plan->row().column(2), Token("1.5", "").text(), &output));
}

TEST(KeyPatternTest, MatchesItsNameAlone) {
  for (size_t size = 0; size <= 60; ++size) {
    std::string name;
    for (size_t i = 0; i < size; ++i) name += static_cast<char>('a' + i % 26);
    const KeyPattern pattern(name);
    const auto matches = [&](std::string key) {
      key += "\":1}" + std::string(64, ' ');
      return pattern.Matches(key.data());
    };
    EXPECT_TRUE(matches(name)) << size;
    EXPECT_FALSE(matches(name + "x")) << size;
    EXPECT_FALSE(size > 0 && matches(name.substr(0, size - 1))) << size;
    for (size_t i = 0; i < size; ++i) {
      std::string other = name;
      other[i] = '~';
      EXPECT_FALSE(matches(other)) << size << " " << i;
    }
  }
}

}  // namespace
}  // namespace bqcdc::encode
