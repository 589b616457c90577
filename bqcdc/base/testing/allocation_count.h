#pragma once

#include <cstddef>

namespace bqcdc::base {

// How often this program has called operator new, on all threads. Whoever links this has an operator new that
// counts, so it is a library of its own, for tests and benchmarks.
std::size_t AllocationCount();

}  // namespace bqcdc::base
