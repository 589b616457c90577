#pragma once

#include <string>
#include <string_view>
#include <vector>

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
// `keys` of all items, strictly rising. A page begins behind the key at which the one before it ended, so
// that items that come and go in between shift no others.
absl::StatusOr<ListPage> PageOf(const MethodCall& call, std::string_view listing,
                                const std::vector<std::string>& keys);

}  // namespace bqcdc::emulator::handlers
