#include "bqcdc/emulator/sql/functions/output_limits.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {
namespace {

using engine::Chunk;

TEST(OutputTextTest, TakesAsMuchAsAValueMayHave) {
  const std::string half(kOutputBytesMax / 2, 'a');
  OutputText text("F");
  EXPECT_TRUE(text.Append(half).ok());
  EXPECT_TRUE(text.Append(half).ok());
  EXPECT_EQ(text.Append("b").message(), "Output of F exceeds max allowed output size of 104857600 bytes");
  EXPECT_TRUE(text.Append("").ok());
  EXPECT_EQ(std::move(text).Take().size(), kOutputBytesMax);
}

// Calls a function of one STRING and one INT64 for `rows` rows of the same arguments.
absl::Status Evaluate(const std::string& name, const std::string& text, int64_t number, size_t rows) {
  const auto& all = AllOwnFunctions();
  const auto function =
      std::find_if(all.begin(), all.end(), [&](const engine::ScalarFunction& f) { return f.name == name; });
  if (function == all.end()) return base::Internal("no function ", name);
  Chunk arguments(function->parameters, false);
  for (size_t row = 0; row < rows; ++row) {
    arguments.Writer(0).SetBytes(row, text);
    if (function->parameters.size() > 1) arguments.Writer(1).SetInt64(row, number);
  }
  arguments.SetRowCount(rows);
  std::vector<engine::VectorReader> readers;
  for (size_t i = 0; i < function->parameters.size(); ++i) readers.push_back(arguments.Reader(i));
  Chunk result({function->result}, false);
  return function->evaluate(readers, rows, result.Writer(0));
}

TEST(ChunkOutputTest, BoundsTheSumOfAllRows) {
  const std::string kibibyte(1024, 'a');
  EXPECT_TRUE(Evaluate("bq_repeat", kibibyte, 1024, 512).ok());
  for (const char* name : {"bq_repeat", "bq_repeat_safe"}) {
    EXPECT_EQ(Evaluate(name, kibibyte, 1024, 513).message(),
              "[[bqcdc]]Output of REPEAT exceeds max allowed output size of 536870912 bytes for 513 rows "
              "together");
  }
}

TEST(ChunkOutputTest, CountsTheElementsOfArrays) {
  const std::string text(1'048'576, 'a');
  EXPECT_TRUE(Evaluate("bq_to_code_points", text, 0, 32).ok());
  EXPECT_EQ(
      Evaluate("bq_to_code_points", text, 0, 33).message(),
      "[[bqcdc]]Output of TO_CODE_POINTS exceeds max allowed output size of 536870912 bytes for 33 rows "
      "together");
  EXPECT_EQ(Evaluate("bq_to_code_points", text + "a", 0, 1).message(),
            "[[bqcdc]]Too many elements in generated array");
}

TEST(ChunkOutputTest, BoundsAValueWhoseFunctionDoesNot) {
  EXPECT_EQ(Evaluate("bq_to_hex", std::string(kOutputBytesMax / 2 + 1, 'a'), 0, 1).message(),
            "[[bqcdc]]Output of TO_HEX exceeds max allowed output size of 104857600 bytes");
}

}  // namespace
}  // namespace bqcdc::emulator::sql
