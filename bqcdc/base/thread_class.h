#pragma once

namespace bqcdc::base {

// How the kernel shares few cores between threads. Without a class it lets a thread that computes run on to
// its next tick (4 ms at 250 Hz) before one that wakes up, and an answer passes several threads.
enum class ThreadClass {
  kAnswers,   // runs for moments, and soon: moves bytes, waits for others
  kComputes,  // runs for long: is nicer, and gives way to what answers
};

// Puts the calling thread, and those that it starts afterwards, into a class. A hint: a kernel or a sandbox
// that does not take it leaves the thread as it is; under a policy other than the usual one (`chrt`) only
// niceness is set. Niceness adds up and cannot be taken back: call kComputes once, on threads that end as
// what they are.
void SetThreadClass(ThreadClass thread_class);

}  // namespace bqcdc::base
