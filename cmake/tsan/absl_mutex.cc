// Tells ThreadSanitizer about Abseil's locks. Debian's Abseil is not compiled with it, so it would see our
// accesses but not the locks that order them. The linker's --wrap sends our calls of absl::Mutex through here
// (cmake/bqcdc_sanitizers.cmake); each wrapper does what Abseil itself does where it is instrumented. Between
// "pre" and "post" ThreadSanitizer ignores the thread, so conditions that Abseil evaluates inside are quiet
// too.

#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace {

using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

constexpr unsigned kWriter = 0;
constexpr unsigned kReader = __tsan_mutex_read_lock;

template <typename Function>
void Lock(Mutex* mutex, unsigned how, Function lock) {
  __tsan_mutex_pre_lock(mutex, how);
  lock();
  __tsan_mutex_post_lock(mutex, how, 0);
}

template <typename Function>
bool TryLock(Mutex* mutex, unsigned how, Function try_lock) {
  how |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, how);
  const bool locked = try_lock();
  __tsan_mutex_post_lock(mutex, locked ? how : how | __tsan_mutex_try_lock_failed, 0);
  return locked;
}

template <typename Function>
void Unlock(Mutex* mutex, unsigned how, Function unlock) {
  __tsan_mutex_pre_unlock(mutex, how);
  unlock();
  __tsan_mutex_post_unlock(mutex, how);
}

// A wait is an unlock followed by a lock.
template <typename Function>
auto Wait(Mutex* mutex, Function wait) {
  __tsan_mutex_pre_unlock(mutex, kWriter);
  __tsan_mutex_post_unlock(mutex, kWriter);
  __tsan_mutex_pre_lock(mutex, kWriter);
  struct Locked {
    Mutex* mutex;
    ~Locked() { __tsan_mutex_post_lock(mutex, kWriter, 0); }
  } locked{mutex};
  return wait();
}

}  // namespace

#define BQCDC_WRAP(result, name, mangled, ...)           \
  result Real##name(__VA_ARGS__) asm("__real_" mangled); \
  result Wrap##name(__VA_ARGS__) asm("__wrap_" mangled); \
  result Wrap##name(__VA_ARGS__)

BQCDC_WRAP(void, Lock, "_ZN4absl7debian35Mutex4LockEv", Mutex* mutex) {
  Lock(mutex, kWriter, [&] { RealLock(mutex); });
}
BQCDC_WRAP(void, Unlock, "_ZN4absl7debian35Mutex6UnlockEv", Mutex* mutex) {
  Unlock(mutex, kWriter, [&] { RealUnlock(mutex); });
}
BQCDC_WRAP(bool, TryLock, "_ZN4absl7debian35Mutex7TryLockEv", Mutex* mutex) {
  return TryLock(mutex, kWriter, [&] { return RealTryLock(mutex); });
}
BQCDC_WRAP(void, ReaderLock, "_ZN4absl7debian35Mutex10ReaderLockEv", Mutex* mutex) {
  Lock(mutex, kReader, [&] { RealReaderLock(mutex); });
}
BQCDC_WRAP(void, ReaderUnlock, "_ZN4absl7debian35Mutex12ReaderUnlockEv", Mutex* mutex) {
  Unlock(mutex, kReader, [&] { RealReaderUnlock(mutex); });
}
BQCDC_WRAP(void, LockWhen, "_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE", Mutex* mutex,
           const Condition& condition) {
  Lock(mutex, kWriter, [&] { RealLockWhen(mutex, condition); });
}
BQCDC_WRAP(void, Await, "_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE", Mutex* mutex,
           const Condition& condition) {
  Wait(mutex, [&] { RealAwait(mutex, condition); });
}
BQCDC_WRAP(bool, AwaitWithTimeout, "_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE",
           Mutex* mutex, const Condition& condition, Duration timeout) {
  return Wait(mutex, [&] { return RealAwaitWithTimeout(mutex, condition, timeout); });
}
BQCDC_WRAP(bool, AwaitWithDeadline, "_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE",
           Mutex* mutex, const Condition& condition, Time deadline) {
  return Wait(mutex, [&] { return RealAwaitWithDeadline(mutex, condition, deadline); });
}
BQCDC_WRAP(void, DestroyMutex, "_ZN4absl7debian35MutexD1Ev", Mutex* mutex) {
  __tsan_mutex_destroy(mutex, __tsan_mutex_not_static);
  RealDestroyMutex(mutex);
}
BQCDC_WRAP(void, CondVarWait, "_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE", CondVar* variable, Mutex* mutex) {
  Wait(mutex, [&] { RealCondVarWait(variable, mutex); });
}
BQCDC_WRAP(bool, CondVarWaitWithTimeout,
           "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", CondVar* variable,
           Mutex* mutex, Duration timeout) {
  return Wait(mutex, [&] { return RealCondVarWaitWithTimeout(variable, mutex, timeout); });
}
BQCDC_WRAP(void, Notify, "_ZN4absl7debian312Notification6NotifyEv", Notification* notification) {
  __tsan_release(notification);
  RealNotify(notification);
}
BQCDC_WRAP(void, WaitForNotification, "_ZNK4absl7debian312Notification19WaitForNotificationEv",
           Notification* notification) {
  RealWaitForNotification(notification);
  __tsan_acquire(notification);
}
BQCDC_WRAP(bool, WaitForNotificationWithTimeout,
           "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE",
           Notification* notification, Duration timeout) {
  const bool notified = RealWaitForNotificationWithTimeout(notification, timeout);
  if (notified) __tsan_acquire(notification);
  return notified;
}
