#include "bqcdc/emulator/engine/store.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "bqcdc/base/testing/temporary_directory.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

// How many cores each thread of this process may use.
std::vector<int> CoresOfThreads() {
  std::vector<int> counts;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    cpu_set_t cores;
    // A thread may end meanwhile.
    if (sched_getaffinity(std::atoi(entry.path().filename().c_str()), sizeof cores, &cores) == 0)
      counts.push_back(CPU_COUNT(&cores));
  }
  return counts;
}

TEST(StoreTest, ItsPoolSparesACore) {
  cpu_set_t cores;
  ASSERT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
  const int spared = std::max(CPU_COUNT(&cores) - 1, 1);
  const auto sparing = [&] {
    const std::vector<int> counts = CoresOfThreads();
    return std::count(counts.begin(), counts.end(), spared);
  };
  const auto before = sparing();
  base::TemporaryDirectory directory;
  constexpr int kThreads = 3;  // that of a connection among them
  const auto store = Store::Open(directory.path(), 256 << 20, kThreads);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(sparing() - before, kThreads - 1);
}

}  // namespace
}  // namespace bqcdc::emulator::engine
