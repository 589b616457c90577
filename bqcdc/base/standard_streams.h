#pragma once

namespace bqcdc::base {

// A program may be started with standard input, output or error closed. The next file or socket that is
// opened then gets that number, and is read as its input or written as its log; initializers of libraries
// open some before main. To be called first in main: such numbers are given to descriptors whose use is an
// error (EBADF), and the program is started once more.
void KeepStandardStreams(char** argv);

// The part of it that takes the numbers. True where there were any to take.
bool OccupyClosedStandardStreams();

}  // namespace bqcdc::base
