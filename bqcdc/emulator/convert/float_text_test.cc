#include "bqcdc/emulator/convert/float_text.h"

#include <limits>

#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

std::string Text(double value) {
  std::string out;
  AppendFloatText(value, &out);
  return out;
}

TEST(FloatTextTest, Forms) {
  struct Case {
    double value;
    std::string_view text;
  };
  const Case cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {2.5, "2.5"},
      {-2.5, "-2.5"},
      {0.1, "0.1"},
      {0.001, "0.001"},
      {0.0009, "9.0E-4"},
      {1e-7, "1.0E-7"},
      {123456.789, "123456.789"},
      {9999999.0, "9999999.0"},
      {10000000.0, "1.0E7"},
      {123456789.0, "1.23456789E8"},
      {1e20, "1.0E20"},
      {1.7976931348623157e308, "1.7976931348623157E308"},
      {5e-324, "5.0E-324"},
      {std::numeric_limits<double>::infinity(), "Infinity"},
      {-std::numeric_limits<double>::infinity(), "-Infinity"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(c.value), c.text);
}

TEST(FloatTextTest, Seconds) {
  struct Case {
    int64_t micros;
    std::string_view text;
  };
  const Case cases[] = {
      {1705321996000000, "1.705321996E9"},
      {1705321996123456, "1.705321996123456E9"},
      {0, "0.0"},
      {1, "1.0E-6"},
      {-1500000, "-1.5"},
  };
  for (const Case& c : cases) {
    std::string out;
    AppendFloatSeconds(c.micros, &out);
    EXPECT_EQ(out, c.text);
  }
}

}  // namespace
}  // namespace bqcdc::emulator::convert
