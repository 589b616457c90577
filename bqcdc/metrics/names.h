#pragma once

#include <string_view>

// Every metric and label that a run shows. Names never change their meaning; docs/guides/metrics.md tells how
// to read each, and a test compares it with this file and with a real answer.
namespace bqcdc::metrics {

enum class Kind { kCounter, kGauge, kHistogram };

struct Metric {
  std::string_view name;
  Kind kind = Kind::kGauge;
  std::string_view label;  // empty = none
  std::string_view help;
};

// Labels.
inline constexpr std::string_view kChangeType = "change_type";  // upsert, delete
inline constexpr std::string_view kAction = "action";          // as write::ActionName, with '_' between words
inline constexpr std::string_view kReason = "reason";          // as in the dead letter file
inline constexpr std::string_view kPhase = "phase";            // encode, fill, wait, service
inline constexpr std::string_view kConnection = "connection";  // 0, 1, … below the largest number at once
// Of kRun.
inline constexpr std::string_view kTable = "table";
inline constexpr std::string_view kEpoch = "epoch";
inline constexpr std::string_view kVersion = "version";

// The run.
inline constexpr Metric kRun = {"bqcdc_run_info", Kind::kGauge, kTable, "1; its labels say what runs"};
inline constexpr Metric kHealthy = {"bqcdc_healthy", Kind::kGauge, "",
                                    "1 while /healthz answers 200, else 0"};
inline constexpr Metric kStartTime = {"bqcdc_start_time_seconds", Kind::kGauge, "",
                                      "When the run started, seconds since 1970"};

// Rows.
inline constexpr Metric kRows = {"bqcdc_rows_total", Kind::kCounter, kChangeType,
                                 "Rows that BigQuery has acknowledged"};
inline constexpr Metric kRowBytes = {"bqcdc_row_bytes_total", Kind::kCounter, kChangeType,
                                     "Bytes of those rows on the wire"};
inline constexpr Metric kDeadLetters = {"bqcdc_dead_letters_total", Kind::kCounter, kReason,
                                        "Rows that were set aside in the dead letter file"};

// Requests.
inline constexpr Metric kRequests = {"bqcdc_requests_total", Kind::kCounter, "",
                                     "Requests handed to a connection, retries counted"};
inline constexpr Metric kRequestErrors = {"bqcdc_request_errors_total", Kind::kCounter, kAction,
                                          "Requests that were refused, by what is done about it"};
inline constexpr Metric kCallErrors = {"bqcdc_call_errors_total", Kind::kCounter, kAction,
                                       "AppendRows calls that ended with an error, by what is done about it"};
inline constexpr Metric kRetries = {"bqcdc_request_retries_total", Kind::kCounter, "",
                                    "Requests that went again because of an error that passes"};
inline constexpr Metric kResent = {"bqcdc_requests_resent_total", Kind::kCounter, "",
                                   "Requests without answer that went again over a new call"};
inline constexpr Metric kAcknowledge = {
    "bqcdc_acknowledge_seconds", Kind::kHistogram, "",
    "From the first sending of rows to their acknowledgement, refusals and pauses in "
    "between counted"};
inline constexpr Metric kPhases = {
    "bqcdc_request_phase_seconds", Kind::kHistogram, kPhase,
    "How long a request's rows were encoded, it was filled, waited for the window, and was served"};
inline constexpr Metric kBatchFill = {
    "bqcdc_batch_fill_ratio", Kind::kHistogram, "",
    "How full batches were when sent, part of the nearer limit (bytes or rows)"};
inline constexpr Metric kLastAcknowledge = {"bqcdc_last_acknowledge_timestamp_seconds", Kind::kGauge, "",
                                            "When rows were last acknowledged, seconds since 1970"};

// Connections.
inline constexpr Metric kWindowUse = {"bqcdc_window_use_ratio", Kind::kGauge, kConnection,
                                      "Part of a connection's window that is in use, requests or bytes"};
inline constexpr Metric kConnections = {"bqcdc_connections", Kind::kGauge, "", "Connections in the pool"};
inline constexpr Metric kCallsOpened = {"bqcdc_calls_opened_total", Kind::kCounter, "",
                                        "AppendRows calls that were opened"};
inline constexpr Metric kLanes = {"bqcdc_lanes", Kind::kGauge, "",
                                  "Lanes that the table's keys are spread over"};

// Lag.
inline constexpr Metric kInputBytes = {"bqcdc_input_bytes_total", Kind::kCounter, "",
                                       "Bytes of input that were read"};
inline constexpr Metric kLagBytes = {"bqcdc_lag_bytes", Kind::kGauge, "",
                                     "Bytes of input that were read and are not settled"};
inline constexpr Metric kLag = {"bqcdc_lag_seconds", Kind::kGauge, "",
                                "Age of the oldest row that is not settled; 0 when there is none"};
inline constexpr Metric kRateLimitWaits = {"bqcdc_rate_limit_wait_seconds_total", Kind::kCounter, "",
                                           "How long reading has waited for --rate-limit"};

// The table.
inline constexpr Metric kWatermark = {
    "bqcdc_watermark_timestamp_seconds", Kind::kGauge, "",
    "Changes up to then are applied, seconds since 1970; asked for once a minute"};
inline constexpr Metric kWatermarkErrors = {"bqcdc_watermark_errors_total", Kind::kCounter, "",
                                            "Questions for the watermark that failed"};
inline constexpr Metric kUnappliedDelete = {
    "bqcdc_oldest_unapplied_delete_seconds", Kind::kGauge, "",
    "Age of this run's oldest DELETE behind which the watermark is; 0 = none"};
inline constexpr Metric kSchemaRefetches = {"bqcdc_schema_refetches_total", Kind::kCounter, "",
                                            "How often the table's schema was read again"};
inline constexpr Metric kSchemaWaits = {"bqcdc_schema_waits_total", Kind::kCounter, "",
                                        "Requests sent back because the service knows another schema"};
inline constexpr Metric kSchemaWaiting = {"bqcdc_schema_waiting_seconds", Kind::kGauge, "",
                                          "How long rows have waited for the schema by now; 0 = they do not"};

inline constexpr Metric kMetrics[] = {kRun,
                                      kHealthy,
                                      kStartTime,
                                      kRows,
                                      kRowBytes,
                                      kDeadLetters,
                                      kRequests,
                                      kRequestErrors,
                                      kCallErrors,
                                      kRetries,
                                      kResent,
                                      kAcknowledge,
                                      kPhases,
                                      kBatchFill,
                                      kLastAcknowledge,
                                      kWindowUse,
                                      kConnections,
                                      kCallsOpened,
                                      kLanes,
                                      kInputBytes,
                                      kLagBytes,
                                      kLag,
                                      kRateLimitWaits,
                                      kWatermark,
                                      kWatermarkErrors,
                                      kUnappliedDelete,
                                      kSchemaRefetches,
                                      kSchemaWaits,
                                      kSchemaWaiting};

}  // namespace bqcdc::metrics
