#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bqcdc/encode/change_type.h"
#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/encode/json_scalar_encoder.h"
#include "bqcdc/encode/row_finisher.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::encode {

// Turns the typed values of a program into a row, straight to its wire bytes, by column index:
//
//   SetBool       BOOL
//   SetInt64      INT64, NUMERIC, BIGNUMERIC
//   SetDouble     FLOAT64
//   SetText       STRING, JSON, GEOGRAPHY as they are;
//                 NUMERIC, BIGNUMERIC, INTERVAL and times from their text
//   SetBytes      BYTES
//   SetDate       DATE, days since 1970
//   SetTimestamp  TIMESTAMP, microseconds since 1970
//
// Each call for a REPEATED column adds an element. What is not set is NULL. STRUCT and RANGE columns come
// from JSON only (JsonRowEncoder). The first error stays: later values are ignored and Finish() tells it. Not
// thread-safe. Allocates nothing for each row after warm-up.
class RowFields {
 public:
  explicit RowFields(std::shared_ptr<const EncodePlan> plan);

  // Opens a row at the end of `rows`, which must not be touched until Finish().
  void Begin(EncodedRows* rows);

  void SetBool(size_t column, bool value);
  void SetInt64(size_t column, int64_t value);
  void SetDouble(size_t column, double value);
  void SetText(size_t column, std::string_view value);
  void SetBytes(size_t column, std::string_view value);
  void SetDate(size_t column, int64_t days);
  void SetTimestamp(size_t column, int64_t micros);

  // Closes the row. On an error nothing is appended and failure() says why.
  [[nodiscard]] EncodeError Finish(ChangeType change_type, const values::SequenceNumber& sequence,
                                   bool own_sequence, size_t row_bytes_max);

  const EncodeFailure& failure() const { return failure_; }
  const EncodePlan& plan() const { return *plan_; }

 private:
  // The column when it may be written now; null when the row has failed.
  const ColumnPlan* Open(size_t column, size_t* begin);
  void Close(size_t column, const ColumnPlan& plan, size_t begin, EncodeError error);
  void SetInteger(size_t column, ValueEncoder kind, int64_t value, bool in_range);
  EncodeError EncodeText(const ColumnPlan& column, std::string_view value);
  void Fail(EncodeError error, const ColumnPlan* column);

  std::shared_ptr<const EncodePlan> plan_;
  size_t settable_columns_;  // the two pseudo-columns stand behind them
  RowFinisher finisher_;
  JsonScalarEncoder scalars_;
  RowOutput output_;
  std::string token_;
  EncodeFailure failure_;
};

}  // namespace bqcdc::encode
