#include "bqcdc/emulator/handlers/listing.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/handlers/page_token.h"

namespace bqcdc::emulator::handlers {

absl::StatusOr<ListPage> PageOf(const MethodCall& call, std::string_view listing, size_t item_count) {
  ListPage page;
  if (const auto token = call.Query("pageToken")) {
    BQCDC_ASSIGN_OR_RETURN(const int64_t first, ParsePageToken(listing, *token));
    page.first = std::min(static_cast<size_t>(first), item_count);
  }
  BQCDC_ASSIGN_OR_RETURN(const std::optional<int64_t> asked, call.QueryCount("maxResults"));
  // Zero means "not given" to the service's lists.
  const int64_t items = asked.value_or(0) == 0 ? kListPageItemsDefault : std::min(*asked, kListPageItemsMax);
  page.last = std::min(page.first + static_cast<size_t>(items), item_count);
  if (page.last < item_count) page.next_token = MakePageToken(listing, static_cast<int64_t>(page.last));
  return page;
}

}  // namespace bqcdc::emulator::handlers
