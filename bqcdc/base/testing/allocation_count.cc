#include "bqcdc/base/testing/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> allocation_count = 0;
}  // namespace

// All forms but the aligned ones, which have a delete of their own: a form that is left out is the library's,
// and its memory must not come to our delete.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace bqcdc::base {

std::size_t AllocationCount() { return allocation_count.load(std::memory_order_relaxed); }

}  // namespace bqcdc::base
