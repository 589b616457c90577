#include "bqcdc/emulator/handlers/listing.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/handlers/page_token.h"

namespace bqcdc::emulator::handlers {

absl::StatusOr<ListPage> PageOf(const MethodCall& call, std::string_view listing,
                                const std::vector<std::string>& keys) {
  ListPage page;
  if (const auto token = call.Query("pageToken")) {
    BQCDC_ASSIGN_OR_RETURN(const std::string shown, ParsePageToken(listing, *token));
    page.first = static_cast<size_t>(std::upper_bound(keys.begin(), keys.end(), shown) - keys.begin());
  }
  BQCDC_ASSIGN_OR_RETURN(const std::optional<int64_t> asked, call.QueryCount("maxResults"));
  // Zero means "not given" to the service's lists.
  const int64_t items = asked.value_or(0) == 0 ? kListPageItemsDefault : std::min(*asked, kListPageItemsMax);
  page.last = std::min(page.first + static_cast<size_t>(items), keys.size());
  if (page.last < keys.size()) page.next_token = MakePageToken(listing, keys[page.last - 1]);
  return page;
}

}  // namespace bqcdc::emulator::handlers
