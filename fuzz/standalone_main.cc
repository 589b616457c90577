// Runs a fuzz target without libFuzzer: every file of the given folders, then seeded mutations of them.
//   fuzz_x [--mutations N] FOLDER_OR_FILE…          BQCDC_SEED repeats a run

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/base/testing/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kInputBytesMax = 64 * 1024;

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Changes, drops, repeats or splices some bytes.
std::string Mutate(const std::vector<std::string>& corpus, std::mt19937* random) {
  const auto below = [random](size_t limit) { return limit == 0 ? 0 : (*random)() % limit; };
  std::string input = corpus[below(corpus.size())];
  for (size_t n = 1 + below(4); n > 0; --n) {
    const size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
        break;
      case 1:
        input.erase(at, 1 + below(8));
        break;
      case 2:
        input.insert(at, 1, "{}[],:\"\\09-.eE/ \n"[below(17)]);
        break;
      case 3:
        input.insert(at, input.substr(below(input.size() + 1), below(16)));
        break;
      default: {
        const std::string& other = corpus[below(corpus.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  long mutations = 0;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--mutations" && i + 1 < argc) {
      mutations = std::strtol(argv[++i], nullptr, 10);
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::directory_iterator(argument))
        corpus.push_back(Read(entry.path()));
    } else {
      corpus.push_back(Read(argument));
    }
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus given\n");
    return 2;
  }
  std::sort(corpus.begin(), corpus.end());  // Folders have no order, a seed's run has.
  std::mt19937 random(static_cast<uint32_t>(bqcdc::base::TestSeed()));
  std::printf("%zu corpus files, %ld mutations\n", corpus.size(), mutations);
  std::fflush(stdout);
  for (const std::string& input : corpus) Run(input);
  for (long i = 0; i < mutations; ++i) Run(Mutate(corpus, &random));
  return 0;
}
