#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"

namespace bqcdc::emulator::handlers {

// A write stream's name, taken apart:
//   projects/{p}/datasets/{d}/tables/{t}/streams/_default   and projects/{p}/datasets/{d}/tables/{t}/_default
//   projects/{p}/datasets/{d}/tables/{t}/streams/{id}
struct StreamName {
  catalog::TableId table;
  std::string stream;  // "_default" or the id of a created stream

  bool is_default() const { return stream == "_default"; }
  // `projects/p/datasets/d/tables/t`.
  std::string TableName() const;
  // The form that the service's error texts show: `projects/p/datasets/d/tables/t/_default`.
  std::string Entity() const;
};

inline constexpr size_t kStreamNameBytesMax = 4096;

// Errors: InvalidArgument for anything that is no stream name.
absl::StatusOr<StreamName> ParseStreamName(std::string_view name);
// A table's name, `projects/{p}/datasets/{d}/tables/{t}`, as its default stream.
absl::StatusOr<StreamName> ParseParentName(std::string_view name);

}  // namespace bqcdc::emulator::handlers
