// NUMERIC and BIGNUMERIC.

#include "bqcdc/values/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

namespace bqcdc::values {
namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    text += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

std::string Repeat(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

template <typename Value>
Value Of(std::string_view text) {
  Value value;
  EXPECT_EQ(Value::Parse(text, &value), ValueError::kNone) << text;
  return value;
}

template <typename Value>
std::string WireHex(const Value& value) {
  char bytes[Value::kWireBytesMax];
  return Hex(std::string_view(bytes, value.ToWireBytes(bytes)));
}

const std::string kNumericMax = Repeat("9", 29) + ".999999999";
const std::string kBigMax = "578960446186580977117854925043439539266.34992332820282019728792003956564819967";
const std::string kBigMin = "-578960446186580977117854925043439539266.34992332820282019728792003956564819968";

TEST(Numeric, WireBytesAreThoseOfTheServicesClients) {
  struct Case {
    std::string text;
    std::string want;
  };
  for (const Case& c : {Case{"0", "00"}, Case{"1", "00ca9a3b"}, Case{"-1", "003665c4"},
                        Case{"123.456", "00108dbe1c"}, Case{"0.000000001", "01"}, Case{"-0.000000001", "ff"},
                        Case{"0.000000127", "7f"}, Case{"0.000000128", "8000"}, Case{"-0.000000128", "80"},
                        Case{"-0.000000129", "7fff"}, Case{kNumericMax, "ffffffff3f228a097ac4865aa84c3b4b"},
                        Case{"-" + kNumericMax, "01000000c0dd75f6853b79a557b3c4b4"}}) {
    EXPECT_EQ(WireHex(Of<Numeric>(c.text)), c.want) << c.text;
  }
}

TEST(BigNumeric, WireBytesAreThoseOfTheServicesClients) {
  EXPECT_EQ(WireHex(Of<BigNumeric>("1")), "0000000040228a097ac4865aa84c3b4b");
  EXPECT_EQ(WireHex(Of<BigNumeric>(kBigMax)), Repeat("ff", 31) + "7f");
  EXPECT_EQ(WireHex(Of<BigNumeric>(kBigMin)), Repeat("00", 31) + "80");
  EXPECT_EQ(WireHex(BigNumeric()), "00");
}

TEST(Numeric, ParsesAndRoundsHalfAwayFromZero) {
  struct Case {
    std::string text;
    std::string want;
  };
  for (const Case& c : {Case{"0", "0"},
                        Case{"-0", "0"},
                        Case{"007.500", "7.5"},
                        Case{"1e3", "1000"},
                        Case{"1.5E-3", "0.0015"},
                        Case{".5", "0.5"},
                        Case{"5.", "5"},
                        Case{"+3", "3"},
                        Case{"0.0000000005", "0.000000001"},
                        Case{"-0.0000000005", "-0.000000001"},
                        Case{"0.00000000049999", "0"},
                        Case{"5e-10", "0.000000001"},
                        Case{"5e-11", "0"},
                        Case{"0.1234567895", "0.12345679"},
                        Case{"123456789012345678.9", "123456789012345678.9"},
                        Case{"1e28", "1" + Repeat("0", 28)},
                        Case{"0e999999999", "0"},
                        Case{"1e-999999999", "0"},
                        Case{Repeat("0", 50) + "1", "1"},
                        Case{"0." + Repeat("0", 100) + "1e101", "1"}}) {
    EXPECT_EQ(Of<Numeric>(c.text).ToString(), c.want) << c.text;
  }
}

TEST(Numeric, RefusesWhatIsNoNumberOrTooLarge) {
  Numeric value;
  for (const char* text :
       {"", ".", "-", "1e", "1e+", "e5", "1.2.3", "1 ", " 1", "NaN", "0x10", "1,000", "--1"}) {
    EXPECT_EQ(Numeric::Parse(text, &value), ValueError::kMalformed) << text;
  }
  for (const std::string& text : {std::string("1e29"), "1" + Repeat("0", 29), std::string("-1e29"),
                                  kNumericMax + "5", std::string("1e999999999999999999")}) {
    EXPECT_EQ(Numeric::Parse(text, &value), ValueError::kOutOfRange) << text;
  }
  BigNumeric big;
  for (const std::string& text :
       {kBigMax + "5", kBigMin + "5", std::string("578960446186580977117854925043439539267"),
        std::string("1e39"), std::string("1e40")}) {
    EXPECT_EQ(BigNumeric::Parse(text, &big), ValueError::kOutOfRange) << text;
  }
  EXPECT_EQ(BigNumeric::Parse("1..2", &big), ValueError::kMalformed);
}

TEST(BigNumeric, ParsesAndWrites) {
  struct Case {
    std::string text;
    std::string want;
  };
  for (const Case& c :
       {Case{"0", "0"}, Case{"-1.50", "-1.5"}, Case{kBigMax, kBigMax}, Case{kBigMin, kBigMin},
        Case{kBigMax + "4999", kBigMax}, Case{"1e-38", "0." + Repeat("0", 37) + "1"},
        Case{"5e-39", "0." + Repeat("0", 37) + "1"}, Case{"-5e-39", "-0." + Repeat("0", 37) + "1"},
        Case{"4.9e-39", "0"}, Case{"1e38", "1" + Repeat("0", 38)},
        Case{"12345678901234567890123456789.123456789012345678901234567890",
             "12345678901234567890123456789.12345678901234567890123456789"}}) {
    EXPECT_EQ(Of<BigNumeric>(c.text).ToString(), c.want) << c.text;
  }
}

TEST(Decimals, PaddedBytesAreReadAndEmptyOnesRefused) {
  Numeric numeric;
  ASSERT_EQ(Numeric::FromWireBytes(std::string("\xff\xff\xff", 3), &numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "-0.000000001");
  ASSERT_EQ(Numeric::FromWireBytes(std::string("\x01") + std::string(15, '\0'), &numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "0.000000001");
  EXPECT_EQ(Numeric::FromWireBytes("", &numeric), ValueError::kMalformed);
  EXPECT_EQ(Numeric::FromWireBytes(std::string(17, '\0'), &numeric), ValueError::kMalformed);
  EXPECT_EQ(Numeric::FromWireBytes(std::string(15, '\xff') + "\x7f", &numeric), ValueError::kOutOfRange);
  BigNumeric big;
  ASSERT_EQ(BigNumeric::FromWireBytes(std::string(32, '\xff'), &big), ValueError::kNone);
  EXPECT_EQ(big.ToString(), "-0." + Repeat("0", 37) + "1");
  EXPECT_EQ(BigNumeric::FromWireBytes("", &big), ValueError::kMalformed);
  EXPECT_EQ(BigNumeric::FromWireBytes(std::string(33, '\0'), &big), ValueError::kMalformed);
}

TEST(Decimals, ConvertFromIntegersAndDoubles) {
  EXPECT_EQ(Numeric::FromInt64(std::numeric_limits<int64_t>::min()).ToString(), "-9223372036854775808");
  EXPECT_EQ(Numeric::FromUint64(~0ULL).ToString(), "18446744073709551615");
  EXPECT_EQ(BigNumeric::FromInt64(std::numeric_limits<int64_t>::min()).ToString(), "-9223372036854775808");
  EXPECT_EQ(BigNumeric::FromInt64(-1), Of<BigNumeric>("-1"));
  EXPECT_EQ(BigNumeric::FromUint64(~0ULL).ToString(), "18446744073709551615");
  EXPECT_EQ(BigNumeric::FromNumeric(Of<Numeric>("-" + kNumericMax)).ToString(), "-" + kNumericMax);
  Numeric numeric;
  ASSERT_EQ(Numeric::FromDouble(0.1, &numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "0.1");
  ASSERT_EQ(Numeric::FromDouble(-std::ldexp(1, -10), &numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "-0.000976563") << "an exact tie of the tenth digit";
  EXPECT_EQ(Numeric::FromDouble(std::nan(""), &numeric), ValueError::kOutOfRange);
  EXPECT_EQ(Numeric::FromDouble(1e29, &numeric), ValueError::kNone) << "1e29 is just below as a double";
  EXPECT_EQ(Numeric::FromDouble(2e29, &numeric), ValueError::kOutOfRange);
  EXPECT_EQ(Numeric::FromDouble(std::numeric_limits<double>::infinity(), &numeric), ValueError::kOutOfRange);
  BigNumeric big;
  ASSERT_EQ(BigNumeric::FromDouble(0.1, &big), ValueError::kNone);
  EXPECT_EQ(big.ToString(), "0.10000000000000000555111512312578270212");
  EXPECT_EQ(BigNumeric::FromDouble(-6e38, &big), ValueError::kOutOfRange);
  EXPECT_DOUBLE_EQ(Of<BigNumeric>("-123.5").ToDouble(), -123.5);
}

TEST(BigNumeric, BecomesNumericWithRounding) {
  Numeric numeric;
  ASSERT_EQ(Of<BigNumeric>("-1.0000000005").ToNumeric(&numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "-1.000000001");
  ASSERT_EQ(Of<BigNumeric>("1.00000000049999").ToNumeric(&numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "1");
  EXPECT_EQ(Of<BigNumeric>(kBigMin).ToNumeric(&numeric), ValueError::kOutOfRange);
  EXPECT_EQ(Of<BigNumeric>("1e29").ToNumeric(&numeric), ValueError::kOutOfRange);
}

TEST(Decimals, ColumnParametersRoundAndLimit) {
  Numeric numeric;
  ASSERT_EQ(Of<Numeric>("-9.995").Constrain(4, 2, &numeric), ValueError::kNone);
  EXPECT_EQ(numeric.ToString(), "-10");
  EXPECT_EQ(Of<Numeric>("9.995").Constrain(3, 2, &numeric), ValueError::kOutOfRange);
  EXPECT_EQ(Of<Numeric>(kNumericMax).Constrain(38, 9, &numeric), ValueError::kNone);
  BigNumeric big;
  ASSERT_EQ(Of<BigNumeric>("9.994").Constrain(3, 2, &big), ValueError::kNone);
  EXPECT_EQ(big.ToString(), "9.99");
  EXPECT_EQ(Of<BigNumeric>("-9.995").Constrain(3, 2, &big), ValueError::kOutOfRange);
  EXPECT_EQ(Of<BigNumeric>(kBigMin).Constrain(77, 38, &big), ValueError::kNone);
  EXPECT_EQ(Of<BigNumeric>(kBigMax).Constrain(38, 0, &big), ValueError::kOutOfRange);
}

TEST(Decimals, AdditionStopsAtTheRange) {
  Numeric numeric;
  EXPECT_EQ(Numeric::Add(Numeric::Max(), Of<Numeric>("0.000000001"), &numeric), ValueError::kOutOfRange);
  // More than 128 bits: found by the fuzzer, as undefined behaviour.
  EXPECT_EQ(Numeric::Add(Numeric::Max(), Numeric::Max(), &numeric), ValueError::kOutOfRange);
  EXPECT_EQ(Numeric::Add(Numeric::Min(), Numeric::Min(), &numeric), ValueError::kOutOfRange);
  ASSERT_EQ(Numeric::Add(Numeric::Max(), Numeric::Min(), &numeric), ValueError::kNone);
  EXPECT_EQ(numeric, Numeric());
  BigNumeric big;
  EXPECT_EQ(BigNumeric::Add(BigNumeric::Max(), Of<BigNumeric>("1e-38"), &big), ValueError::kOutOfRange);
  EXPECT_EQ(BigNumeric::Add(BigNumeric::Min(), Of<BigNumeric>("-1e-38"), &big), ValueError::kOutOfRange);
  ASSERT_EQ(BigNumeric::Add(BigNumeric::Max(), BigNumeric::Min(), &big), ValueError::kNone);
  EXPECT_EQ(big.ToString(), "-0." + Repeat("0", 37) + "1");
  EXPECT_EQ(BigNumeric::Min().Negate(&big), ValueError::kOutOfRange);
}

// Random texts of either type: text → value → every form and back; order of values = order of blobs; the two
// types agree where both can hold the value.
TEST(Decimals, FormsAgreeOnRandomValues) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  BigNumeric previous;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    text += static_cast<char>('1' + random() % 9);
    for (uint32_t n = random() % 38; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    text += '.';
    for (uint32_t n = random() % 38; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    text += static_cast<char>('1' + random() % 9);
    BigNumeric big;
    if (BigNumeric::Parse(text, &big) != ValueError::kNone) continue;
    ASSERT_EQ(big.ToString(), text);
    char bytes[BigNumeric::kWireBytesMax];
    BigNumeric back;
    ASSERT_EQ(BigNumeric::FromWireBytes({bytes, big.ToWireBytes(bytes)}, &back), ValueError::kNone);
    ASSERT_EQ(back, big);
    ASSERT_EQ(BigNumeric::FromBlob(big.ToBlob(), &back), ValueError::kNone);
    ASSERT_EQ(back, big);
    ASSERT_EQ(big < previous, big.ToBlob() < previous.ToBlob()) << text;
    ASSERT_EQ(big < previous, big.ToDouble() < previous.ToDouble()) << text << " " << previous.ToString();
    previous = big;
    Numeric numeric;
    Numeric rounded;
    const ValueError error = Numeric::Parse(text, &numeric);
    ASSERT_EQ(big.ToNumeric(&rounded), error) << text;
    if (error != ValueError::kNone) continue;
    ASSERT_EQ(numeric, rounded) << text;
    ASSERT_EQ(Of<Numeric>(numeric.ToString()), numeric);
    Numeric numeric_back;
    ASSERT_EQ(Numeric::FromWireBytes({bytes, numeric.ToWireBytes(bytes)}, &numeric_back), ValueError::kNone);
    ASSERT_EQ(numeric_back, numeric);
  }
}

}  // namespace
}  // namespace bqcdc::values
