#pragma once

namespace bqcdc::rpc {

// Keeps gRPC's queue for callback RPCs alive until the process ends. Called before the first channel or
// server that uses the callback API is made; cheap afterwards. Thread-safe.
//
// gRPC 1.51 counts the users of that queue and takes it down, with its threads, when the last one goes. Programs that
// close their last channel or server and open the next were seen to abort there now and then ("assertion failed:
// prior > 0" in ref_counted.h: one run of five of pipeline_test, none of 25 with the queue held).
void HoldCallbackQueue();

}  // namespace bqcdc::rpc
