#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/handlers/field_mask.h"
#include "bqcdc/emulator/handlers/rest_request.h"

namespace bqcdc::emulator::handlers {

// Query parameters that every method takes (https://cloud.google.com/apis/docs/system-parameters), each with
// and without a `$` before it. `key`, `quotaUser`, `callback` and the others are taken and mean nothing here.
struct SystemParameters {
  std::optional<FieldMask> fields;
  bool pretty_print = false;  // the service's default is true; compact answers are JSON all the same

  // Errors: invalid, for a malformed `fields` or `prettyPrint`, or for an `alt` other than json.
  static absl::StatusOr<SystemParameters> Of(const RestRequest& request);
};

// Makes the answer's body what was asked for: rows put in, fields selected, spaces added.
void FinishBody(const SystemParameters& parameters, RestResponse* response);

}  // namespace bqcdc::emulator::handlers
