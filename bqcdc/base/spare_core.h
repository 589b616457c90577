#pragma once

namespace bqcdc::base {

// Keeps the calling thread, and those that it starts afterwards, off one of the cores that this process may
// use, the same one for all its threads: what answers finds a core that nothing computes on for long. A hint:
// with a single core, or in a sandbox that does not take it, nothing changes. Call it once: a thread that was
// started by one that spares a core spares it already, and another call takes another core.
void SpareOneCore();

}  // namespace bqcdc::base
