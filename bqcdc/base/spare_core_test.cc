#include "bqcdc/base/spare_core.h"

#include <sched.h>

#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

std::vector<int> CoresOfThisThread() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void UseOnly(const std::vector<int>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

// Of a thread that may use `allowed` and spares one, and of one that it starts.
std::pair<std::vector<int>, std::vector<int>> CoresAfterSparing(const std::vector<int>& allowed) {
  std::pair<std::vector<int>, std::vector<int>> cores;
  std::thread([&] {
    UseOnly(allowed);
    SpareOneCore();
    cores.first = CoresOfThisThread();
    std::thread([&] { cores.second = CoresOfThisThread(); }).join();
  }).join();
  return cores;
}

TEST(SpareOneCore, LeavesOneOutAndAlwaysTheSame) {
  const std::vector<int> all = CoresOfThisThread();
  const auto [cores, started] = CoresAfterSparing(all);
  EXPECT_EQ(cores.size(), all.size() == 1 ? 1 : all.size() - 1);
  EXPECT_EQ(started, cores);
  EXPECT_EQ(CoresAfterSparing(all).first, cores);
  EXPECT_EQ(CoresOfThisThread(), all) << "of another thread";
}

TEST(SpareOneCore, KeepsTheOnlyOne) {
  const std::vector<int> one = {CoresOfThisThread().back()};
  EXPECT_EQ(CoresAfterSparing(one).first, one);
}

}  // namespace
}  // namespace bqcdc::base
