#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// What the tests ask of the system that they run on.
namespace bqcdc::hostile {

// An address of this machine that others can reach; empty where it has none.
std::string OutsideAddress();

// Raises this process's limit of open files to what is allowed; returns it.
size_t RaiseFileLimit();

// Megabytes of memory that a process has held at most.
int64_t PeakMegabytes(int pid);

}  // namespace bqcdc::hostile
