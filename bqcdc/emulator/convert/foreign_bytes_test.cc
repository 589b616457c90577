#include <random>

#include "bqcdc/base/testing/proof.h"
#include "bqcdc/emulator/convert/testing/foreign_bytes.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

// One mutation that keeps the bytes near to a message: a changed, added or removed byte, a copied piece, a
// cut.
void Mutate(std::mt19937& random, std::string& bytes) {
  if (bytes.empty()) return;
  const size_t at = random() % bytes.size();
  switch (random() % 6) {
    case 0:
      bytes[at] = static_cast<char>(random());
      break;
    case 1:
      bytes[at] ^= static_cast<char>(1 << (random() % 8));
      break;
    case 2:
      bytes.insert(at, 1, static_cast<char>(random()));
      break;
    case 3:
      bytes.erase(at, 1 + random() % 4);
      break;
    case 4:
      bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16));
      break;
    case 5:
      bytes.resize(at);
      break;
  }
}

TEST(ForeignBytesTest, MutatedRowsAndDescriptorsDoNoHarm) {
  const auto seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(seed);
  const google::protobuf::LogSilencer silence;  // it complains about mutated names on standard error
  std::mt19937 random(seed);
  const std::vector<std::string> seeds = testing::ForeignSeeds();
  for (const std::string& good : seeds) testing::DecodeForeignBytes(good);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    for (int i = 1 + random() % 6; i > 0; --i) Mutate(random, bytes);
    testing::DecodeForeignBytes(bytes);
  }
}

}  // namespace
}  // namespace bqcdc::emulator::convert
