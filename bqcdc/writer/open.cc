#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/session/session.h"
#include "bqcdc/writer/writer.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {
namespace {

absl::StatusOr<WriterParts> PartsOf(const WriterOptions& options) {
  session::SessionOptions where;
  where.project = options.project;
  where.endpoint = options.endpoint;
  where.storage_endpoint = options.storage_endpoint;
  where.credentials = options.credentials_file;
  where.access_token_file = options.access_token_file;
  where.quota_project = options.quota_project;
  where.ca_file = options.ca_file;
  BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<session::Session> opened, session::Session::Open(where));
  const std::shared_ptr<session::Session> session = std::move(opened);
  WriterParts parts;
  parts.owner = session;
  parts.client = &session->client();
  parts.channels = [session] { return session->OpenStorageChannel(); };
  parts.clock = &session->clock();
  parts.parse_table = [session](std::string_view text) { return session->ParseTable(text); };
  return parts;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Open(WriterOptions options) {
  BQCDC_ASSIGN_OR_RETURN(WriterParts parts, PartsOf(options));
  return WriterOpener::Open(std::move(parts), std::move(options));
}

absl::StatusOr<std::unique_ptr<SerialWriter>> SerialWriter::Open(WriterOptions options,
                                                                 std::string_view table) {
  BQCDC_ASSIGN_OR_RETURN(WriterParts parts, PartsOf(options));
  return WriterOpener::OpenSerial(std::move(parts), std::move(options), table);
}

}  // namespace bqcdc
