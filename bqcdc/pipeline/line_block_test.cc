#include "bqcdc/pipeline/line_block.h"

#include <gtest/gtest.h>

#include <cstring>

namespace bqcdc::pipeline {
namespace {

std::shared_ptr<const LineChunk> Chunk(const std::string& text) {
  auto chunk = std::make_shared<LineChunk>();
  chunk->capacity = text.size() + 1000;
  chunk->bytes = std::make_unique<char[]>(chunk->capacity);
  std::memcpy(chunk->bytes.get(), text.data(), text.size());
  return chunk;
}

InputLine Line(const std::shared_ptr<const LineChunk>& chunk, std::size_t at, std::size_t size) {
  return {.text = {chunk->bytes.get() + at, size}};
}

TEST(LineBlock, CountsItsLinesAndTheChunksThatBeginWithOne) {
  const auto first = Chunk("x\naa\n\n\nbbb\n"), second = Chunk("cccc\nd\n");
  LineBlock block;
  // The block before has the chunk's first line, and its memory.
  block.lines = {Line(first, 2, 2)};
  block.NoteLines(0, first);
  EXPECT_EQ(block.input_bytes, 2u);
  EXPECT_EQ(block.chunk_bytes, 0u);
  // More of the same: what is blank between the lines does not count.
  block.lines.push_back(Line(first, 7, 3));
  block.NoteLines(1, first);
  EXPECT_EQ(block.input_bytes, 5u);
  ASSERT_EQ(block.chunks.size(), 1u);
  block.lines.push_back(Line(second, 0, 4));
  block.lines.push_back(Line(second, 5, 1));
  block.NoteLines(2, second);
  EXPECT_EQ(block.input_bytes, 10u);
  EXPECT_EQ(block.chunk_bytes, second->capacity);
  EXPECT_EQ(block.held_bytes(), second->capacity + 10);
  ASSERT_EQ(block.chunks.size(), 2u);
  EXPECT_EQ(block.chunks[0].first_line, 0u);
  EXPECT_EQ(block.chunks[1].first_line, 2u);
  EXPECT_EQ(block.chunks[1].bytes, second);
  block.Clear();
  EXPECT_EQ(block.held_bytes(), 0u);
}

}  // namespace
}  // namespace bqcdc::pipeline
