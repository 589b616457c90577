#include "bqcdc/base/thread_class.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

struct Share {
  int nice;
  uint64_t slice_ns;  // 0 of a kernel without slices of a thread's own (before Linux 6.12)
};

Share ShareOfThisThread() {
  // sched_getattr(2); the kernel's header and <sched.h>, which <thread> includes, exclude each other.
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes{};
  EXPECT_EQ(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0) << errno;
  return {attributes.nice, attributes.runtime};
}

// Of a thread of that class, and of one that it starts.
std::pair<Share, Share> SharesIn(ThreadClass thread_class) {
  std::pair<Share, Share> shares;
  std::thread([&] {
    SetThreadClass(thread_class);
    shares.first = ShareOfThisThread();
    std::thread([&] { shares.second = ShareOfThisThread(); }).join();
  }).join();
  return shares;
}

TEST(ThreadClass, WhatComputesIsNicerThanWhatAnswers) {
  const Share before = ShareOfThisThread();
  const auto [answers, started_by_answers] = SharesIn(ThreadClass::kAnswers);
  const auto [computes, started_by_computes] = SharesIn(ThreadClass::kComputes);
  EXPECT_EQ(answers.nice, before.nice);
  EXPECT_EQ(computes.nice, std::min(before.nice + 5, 19));
  EXPECT_EQ(started_by_answers.nice, answers.nice);
  EXPECT_EQ(started_by_computes.nice, computes.nice);
  EXPECT_EQ(ShareOfThisThread().nice, before.nice);
}

TEST(ThreadClass, WhatAnswersHasTheShorterSlice) {
  const Share before = ShareOfThisThread();
  const auto [answers, started_by_answers] = SharesIn(ThreadClass::kAnswers);
  const auto [computes, started_by_computes] = SharesIn(ThreadClass::kComputes);
  if (before.slice_ns == 0) {
    EXPECT_EQ(answers.slice_ns, 0);
    EXPECT_EQ(computes.slice_ns, 0);
  } else {
    EXPECT_LT(answers.slice_ns, computes.slice_ns);
  }
  EXPECT_EQ(started_by_answers.slice_ns, answers.slice_ns);
  EXPECT_EQ(started_by_computes.slice_ns, computes.slice_ns);
  EXPECT_EQ(ShareOfThisThread().slice_ns, before.slice_ns);
}

}  // namespace
}  // namespace bqcdc::base
