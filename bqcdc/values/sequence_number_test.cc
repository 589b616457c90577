#include "bqcdc/values/sequence_number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bqcdc::values {
namespace {

SequenceNumber Of(std::string_view text) {
  const auto number = SequenceNumber::Parse(text);
  EXPECT_TRUE(number.has_value()) << text;
  return number.value_or(SequenceNumber{});
}

TEST(SequenceNumber, FollowsTheGrammar) {
  for (const char* good :
       {"0", "abc", "ABC/def", "1/2/3/4", "FFFFFFFFFFFFFFFF/0/0/ffffffffffffffff", "0000000000000001"}) {
    EXPECT_TRUE(SequenceNumber::Parse(good).has_value()) << good;
  }
  for (const char* bad : {"", "/", "1/", "/1", "1//2", "1/2/3/4/5", "1/2/3/4/", "-1", "+1", "0x1", " 1", "1 ",
                          "G", "10000000000000000", "00000000000000001", "1/2\n"}) {
    EXPECT_FALSE(SequenceNumber::Parse(bad).has_value()) << bad;
  }
}

TEST(SequenceNumber, ComparesSectionsAsUnsignedIntegers) {
  // In rising order; the first five are the documentation's cases.
  const std::vector<std::string> rising = {
      "77",
      "7B",
      "ABC",
      "FFF/B",
      "FFF/ABC",
      "1000/0/0/1",
      "1000/0/1/0",
      "7FFFFFFFFFFFFFFF",
      "8000000000000000",
      "FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF"};
  for (size_t i = 0; i < rising.size(); ++i) {
    for (size_t j = 0; j < rising.size(); ++j) {
      EXPECT_EQ(Of(rising[i]) < Of(rising[j]), i < j) << rising[i] << " " << rising[j];
    }
  }
  EXPECT_LT(Of("BA/FFFFFFFF"), Of("ABC"));
}

TEST(SequenceNumber, MissingSectionsAndLeadingZerosCountNothing) {
  EXPECT_EQ(Of("ABC"), Of("abc/0"));
  EXPECT_EQ(Of("ABC"), Of("000ABC/0/000/0"));
  EXPECT_EQ(SequenceNumber::FromInteger(0xABC), Of("ABC"));
}

TEST(SequenceNumber, WritesFourSections) {
  EXPECT_EQ(Of("0").ToString(), "0/0/0/0");
  EXPECT_EQ(Of("00aB/1").ToString(), "AB/1/0/0");
  const std::string longest = "FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF/FFFFFFFFFFFFFFFF";
  EXPECT_EQ(longest.size(), SequenceNumber::kTextBytesMax);
  EXPECT_EQ(Of(longest).ToString(), longest);
}

TEST(SequenceNumber, StorageFormRoundTrips) {
  const SequenceNumber number = Of("FFFFFFFFFFFFFFFF/1/8000000000000000/2");
  EXPECT_EQ(SequenceNumber::FromHighLow(number.high(), number.low()), number);
  EXPECT_EQ(static_cast<uint64_t>(number.high() >> 64), ~0ULL);
  EXPECT_EQ(static_cast<uint64_t>(number.low()), 2u);
}

}  // namespace
}  // namespace bqcdc::values
