#include "bqcdc/rest/table_resource.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::rest {

absl::StatusOr<TableResource> ParseTableResource(std::string_view json) {
  const auto body = nlohmann::json::parse(json, nullptr, false);
  if (!body.is_object()) return absl::DataLossError("table resource is not a JSON object");
  TableResource table;
  if (body.contains("schema")) {
    BQCDC_ASSIGN_OR_RETURN(table.schema, schema::TableSchemaFromTableJson(body));
    if (const auto fields = body["schema"].find("fields"); fields != body["schema"].end())
      table.schema_fields = fields->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const auto text = [&body](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  table.etag = text("etag");
  table.type = text("type");
  if (!absl::SimpleAtoi(text("creationTime"), &table.creation_time_ms)) table.creation_time_ms = 0;
  table.location = text("location");
  if (const auto buffer = body.find("streamingBuffer"); buffer != body.end() && buffer->is_object()) {
    StreamingBuffer& told = table.streaming_buffer.emplace();
    const auto number = [&buffer](const char* name) {
      std::int64_t value = 0;
      const auto found = buffer->find(name);
      // Numbers of 64 bits are text in JSON.
      const bool is_text = found != buffer->end() && found->is_string();
      return is_text && absl::SimpleAtoi(found->get<std::string>(), &value) ? value : 0;
    };
    told = {number("estimatedRows"), number("estimatedBytes")};
  }
  if (const auto labels = body.find("labels"); labels != body.end() && labels->is_object()) {
    for (const auto& [name, value] : labels->items()) {
      if (value.is_string()) table.labels[name] = value.get<std::string>();
    }
  }
  if (const auto clustering = body.find("clustering"); clustering != body.end() && clustering->is_object()) {
    const auto fields = clustering->find("fields");
    if (fields != clustering->end() && fields->is_array()) {
      for (const auto& field : *fields) {
        if (field.is_string()) table.clustering.push_back(field.get<std::string>());
      }
    }
  }
  return table;
}

}  // namespace bqcdc::rest
