#include "bqcdc/rpc/callback_queue.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/synchronization/notification.h"

namespace bqcdc::rpc {
namespace {

// A channel takes its share of the queue with its first callback RPC and gives it back when it is destroyed:
// this one fails its only RPC at once, having no credentials, and is never destroyed.
bool MakeEternalUser() {
  struct User {
    std::shared_ptr<grpc::Channel> channel = grpc::CreateChannel("", nullptr);
    grpc::GenericStub stub{channel};
  };
  User& user = *new User;
  grpc::ClientContext context;
  const grpc::Slice empty;
  grpc::ByteBuffer request(&empty, 1), response;
  absl::Notification failed;
  user.stub.UnaryCall(&context, "/none", grpc::StubOptions(), &request, &response,
                      [&](grpc::Status) { failed.Notify(); });
  failed.WaitForNotification();
  return true;
}

}  // namespace

void HoldCallbackQueue() { [[maybe_unused]] static const bool held = MakeEternalUser(); }

}  // namespace bqcdc::rpc
