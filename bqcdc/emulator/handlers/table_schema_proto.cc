#include "bqcdc/emulator/handlers/table_schema_proto.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using schema::ColumnType;

v1::TableFieldSchema::Type ProtoType(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return v1::TableFieldSchema::BOOL;
    case ColumnType::kInt64:
      return v1::TableFieldSchema::INT64;
    case ColumnType::kFloat64:
      return v1::TableFieldSchema::DOUBLE;
    case ColumnType::kNumeric:
      return v1::TableFieldSchema::NUMERIC;
    case ColumnType::kBigNumeric:
      return v1::TableFieldSchema::BIGNUMERIC;
    case ColumnType::kString:
      return v1::TableFieldSchema::STRING;
    case ColumnType::kBytes:
      return v1::TableFieldSchema::BYTES;
    case ColumnType::kDate:
      return v1::TableFieldSchema::DATE;
    case ColumnType::kDatetime:
      return v1::TableFieldSchema::DATETIME;
    case ColumnType::kTime:
      return v1::TableFieldSchema::TIME;
    case ColumnType::kTimestamp:
      return v1::TableFieldSchema::TIMESTAMP;
    case ColumnType::kJson:
      return v1::TableFieldSchema::JSON;
    case ColumnType::kInterval:
      return v1::TableFieldSchema::INTERVAL;
    case ColumnType::kGeography:
      return v1::TableFieldSchema::GEOGRAPHY;
    case ColumnType::kRange:
      return v1::TableFieldSchema::RANGE;
    case ColumnType::kStruct:
      return v1::TableFieldSchema::STRUCT;
  }
  return v1::TableFieldSchema::TYPE_UNSPECIFIED;
}

v1::TableFieldSchema::Mode ProtoMode(schema::ColumnMode mode) {
  switch (mode) {
    case schema::ColumnMode::kNullable:
      return v1::TableFieldSchema::NULLABLE;
    case schema::ColumnMode::kRequired:
      return v1::TableFieldSchema::REQUIRED;
    case schema::ColumnMode::kRepeated:
      return v1::TableFieldSchema::REPEATED;
  }
  return v1::TableFieldSchema::MODE_UNSPECIFIED;
}

void FillField(const schema::Column& column, v1::TableFieldSchema* field) {
  field->set_name(column.name);
  field->set_type(ProtoType(column.type));
  field->set_mode(ProtoMode(column.mode));
  for (const schema::Column& inner : column.fields) FillField(inner, field->add_fields());
  if (!column.description.empty()) field->set_description(column.description);
  if (column.max_length) field->set_max_length(*column.max_length);
  if (column.precision) field->set_precision(*column.precision);
  if (column.scale) field->set_scale(*column.scale);
  if (column.timestamp_precision)
    field->mutable_timestamp_precision()->set_value(*column.timestamp_precision);
  if (!column.default_value_expression.empty()) {
    field->set_default_value_expression(column.default_value_expression);
  }
  if (column.range_element_type)
    field->mutable_range_element_type()->set_type(ProtoType(*column.range_element_type));
}

}  // namespace

void FillTableSchema(const schema::TableSchema& schema, v1::TableSchema* proto) {
  for (const schema::Column& column : schema.columns) FillField(column, proto->add_fields());
}

}  // namespace bqcdc::emulator::handlers
