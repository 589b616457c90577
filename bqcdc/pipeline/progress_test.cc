#include "bqcdc/pipeline/progress.h"

#include <gtest/gtest.h>

#include "bqcdc/pipeline/prefix_hash.h"

namespace bqcdc::pipeline {
namespace {

InputPosition At(std::uint64_t line) { return {line, 0, line * 10}; }

TEST(ProgressTest, StandsAtTheFirstLineThatIsNotSettled) {
  Progress progress;
  const auto first = progress.Open(At(0));   // lines 1, 3
  const auto second = progress.Open(At(1));  // lines 2, 4
  progress.Reach(At(4));
  const auto third = progress.Open(At(4));
  progress.Reach(At(9));
  EXPECT_EQ(progress.settled(), At(0));
  progress.Settle(second);
  EXPECT_EQ(progress.settled(), At(0));
  progress.Settle(third);
  EXPECT_EQ(progress.settled(), At(0));
  progress.Settle(first);
  EXPECT_EQ(progress.settled(), At(9));
}

TEST(ProgressTest, AnOpenBatchHoldsTheLinesBeforeItNotBack) {
  Progress progress(At(5));
  EXPECT_EQ(progress.settled(), At(5));
  const auto batch = progress.Open(At(7));
  EXPECT_EQ(progress.settled(), At(5)) << "lines 6 and 7 may stand in a batch that is about to be opened";
  progress.Reach(At(12));
  EXPECT_EQ(progress.settled(), At(7));
  progress.Settle(batch);
  EXPECT_EQ(progress.settled(), At(12));
}

TEST(ProgressTest, DoesNotFall) {
  Progress progress;
  progress.Reach(At(3));
  progress.Reach(At(2));
  EXPECT_EQ(progress.settled(), At(3));
}

// Checkpoints of earlier versions hold such hashes.
TEST(PrefixHashTest, DoesNotChange) {
  std::uint64_t hash = 0;
  for (const char* line : {R"({"id":1,"name":"Alice"})", "", "0123456789abcdef"})
    hash = HashNextLine(hash, line);
  EXPECT_EQ(hash, 0x22c959d9e844d696U);
  EXPECT_NE(HashNextLine(HashNextLine(0, "a"), "b"), HashNextLine(HashNextLine(0, "b"), "a"));
  EXPECT_NE(HashNextLine(0, ""), HashNextLine(0, std::string_view("\0", 1)));
}

}  // namespace
}  // namespace bqcdc::pipeline
