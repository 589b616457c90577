#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/writer_plan.h"

namespace bqcdc::emulator::convert {

// Joins the fields of a writer schema to the columns of its table, whatever form the schema has: what the
// compilers of descriptors and of Arrow schemas have in common. Paths end in a point: "address.", or are
// empty for the columns of the table.
class PlanBuilder {
 public:
  // Fills `plan`, which is new and outlives the builder. `format`: "proto" or "Arrow", `container`: what
  // holds the fields; both stand in errors and are literals.
  PlanBuilder(std::string_view format, std::string_view container, const schema::TableSchema& table,
              WriterPlan& plan);

  // Index among the message's columns of the one that the next field of `message` fills. Unset for a
  // pseudo-column, and where there is none: Finish() tells all of those at once. Errors: too many fields.
  absl::StatusOr<std::optional<size_t>> FindColumn(const std::string& path, const std::string& name,
                                                   const MessagePlan& message);

  // To be called when message.fields is complete: orders them and finds those of each column. Errors: two
  // fields for a column.
  absl::Status Close(const std::string& path, MessagePlan& message);

  // After all messages. Errors: fields without a column, or else a REQUIRED column without a field; two
  // fields for a pseudo-column.
  absl::Status Finish();

 private:
  absl::Status MoreThanOneField(std::string_view column) const;
  void RequireColumns(const std::string& path, const MessagePlan& message);

  const std::string_view format_;
  const std::string_view container_;
  WriterPlan& plan_;
  size_t field_count_ = 0;
  std::vector<std::string> extra_fields_;
  absl::Status missing_;
};

}  // namespace bqcdc::emulator::convert
