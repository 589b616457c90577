#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::rest {

// Rows that were streamed and are not in the table's storage yet, as the service estimates them.
struct StreamingBuffer {
  std::int64_t rows = 0, bytes = 0;

  friend bool operator==(const StreamingBuffer&, const StreamingBuffer&) = default;
};

// What we use of a table resource (docs: REST tables).
struct TableResource {
  schema::TableSchema schema;
  // The fields of the schema as the service wrote them, for a patch that leaves alone what we do not know of.
  std::string schema_fields = "[]";
  std::map<std::string, std::string> labels;
  std::vector<std::string> clustering;
  std::string etag;
  std::int64_t creation_time_ms = 0;  // since 1970; with the name it is the table's identity
  std::string type;                   // "TABLE", "VIEW", …
  std::string location;               // "US", "europe-west1"; empty where the service does not say
  std::optional<StreamingBuffer> streaming_buffer;  // unset where the service does not say
};

absl::StatusOr<TableResource> ParseTableResource(std::string_view json);

}  // namespace bqcdc::rest
