#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bqcdc::pipeline {

// Hash of a sequence of lines, line by line: cheap enough to run beside everything that is read, so that a
// pipe that repeats its output can be compared with what was settled. Against mistakes, not against intent.
// Part of the format of checkpoints: it does not change.
inline std::uint64_t HashNextLine(std::uint64_t hash, std::string_view line) {
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  constexpr std::uint64_t kOne = 0x9E3779B97F4A7C15ULL, kTwo = 0xD6E8FEB86659FD93ULL;
  hash = fold(hash ^ kOne, line.size() ^ kTwo);
  while (line.size() >= 16) {
    std::uint64_t one, two;
    std::memcpy(&one, line.data(), 8);
    std::memcpy(&two, line.data() + 8, 8);
    hash = fold(hash ^ one ^ kOne, two ^ kTwo);
    line.remove_prefix(16);
  }
  std::uint64_t last[2] = {0, 0};
  if (!line.empty()) std::memcpy(last, line.data(), line.size());
  return fold(hash ^ last[0] ^ kTwo, last[1] ^ kOne);
}

}  // namespace bqcdc::pipeline
