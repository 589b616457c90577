#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/handlers/rest_request.h"

namespace bqcdc::emulator::handlers {

// Items of one page where the call leaves `maxResults` out, and at most.
inline constexpr int64_t kListPageItemsDefault = 1'000;
inline constexpr int64_t kListPageItemsMax = 10'000;

// Items [first, last) of a list, by `pageToken` and `maxResults` of the call; the token is empty on the last
// page.
struct ListPage {
  size_t first = 0;
  size_t last = 0;
  std::string next_token;
};
absl::StatusOr<ListPage> PageOf(const MethodCall& call, std::string_view listing, size_t item_count);

}  // namespace bqcdc::emulator::handlers
