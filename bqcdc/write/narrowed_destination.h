#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bqcdc/schema/table_schema.h"
#include "bqcdc/write/append_request.h"

namespace bqcdc::write {

// A destination without the columns that its table has lost since, for rows that were encoded before: the
// service refuses a writer schema with a field that the table lacks (SCHEMA_MISMATCH_EXTRA_FIELDS), whether
// rows use it or not. The rows' bytes stay as they are, so those that carry a lost column cannot go.
// Immutable.
class NarrowedDestination {
 public:
  // Null where the table has each column of `whole` still.
  static std::shared_ptr<const NarrowedDestination> Create(const Destination& whole,
                                                           const schema::TableSchema& now);

  const std::shared_ptr<const Destination>& destination() const { return destination_; }
  // Name of a lost column that the row (its message, unframed) carries; empty where it carries none.
  std::string_view FindLost(std::string_view row) const;

 private:
  NarrowedDestination() = default;

  std::shared_ptr<const Destination> destination_;
  std::vector<std::pair<int, std::string>> lost_;  // field number and name, rising
};

}  // namespace bqcdc::write
