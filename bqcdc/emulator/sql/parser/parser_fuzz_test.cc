// Plays seeded mutations of the fuzzer's corpus, so that every run of the suite fuzzes a little.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace bqcdc::emulator::sql {
namespace {

constexpr int kSampleRounds = 30'000;
constexpr int kFullRounds = 3'000'000;

// Pieces that a random byte would hardly ever form.
constexpr const char* kPieces[] = {
    "(",         ")",      "SELECT ", " FROM ",  "'",  "\"\"\"", "`",           "--",   "/*",
    " AS ",      "ARRAY<", ">>",      "STRUCT<", "[",  "]",      " UNION ALL ", ";",    ".",
    "INTERVAL ", " NOT ",  " IN ",    "1e",      "0x", "\\u",    "@",           "?",    ",",
    " OVER (",   "CASE ",  " END",    " WITH ",  "-",  "=>",     "->",          "\xff", "\n"};

std::vector<std::string> ReadCorpus() {
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(BQCDC_FUZZ_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void Fuzz(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void Mutate(std::string& text, const std::string& other) {
    const size_t at = Below(text.size() + 1);
    const size_t length = Below(std::min<size_t>(text.size() - at + 1, 20));
    switch (Below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[Below(std::size(kPieces))]);
        break;
      case 2:
        text.insert(at, text.substr(Below(text.size()), length));
        break;
      case 3:
        text.replace(at, length, other, Below(other.size()), Below(40));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(Below(256));
    }
  }

 private:
  std::mt19937_64 random_;
};

TEST(ParserFuzzTest, CorpusComesBack) {
  const std::vector<std::string> corpus = ReadCorpus();
  ASSERT_FALSE(corpus.empty());
  for (const std::string& text : corpus) Fuzz(text);
}

TEST(ParserFuzzTest, MutationsNeitherCrashNorDiffer) {
  const std::vector<std::string> corpus = ReadCorpus();
  Mutator mutator(base::TestSeed());
  const int rounds = base::ProofRounds(kSampleRounds, kFullRounds);
  for (int i = 0; i < rounds; ++i) {
    std::string text = corpus[mutator.Below(corpus.size())];
    for (size_t mutations = 1 + mutator.Below(4); mutations > 0; --mutations) {
      mutator.Mutate(text, corpus[mutator.Below(corpus.size())]);
    }
    Fuzz(text);
  }
}

}  // namespace
}  // namespace bqcdc::emulator::sql
