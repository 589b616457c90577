#pragma once

#include "bqcdc/emulator/handlers/insert_ids.h"
#include "bqcdc/emulator/handlers/job_store.h"
#include "bqcdc/emulator/handlers/job_timeouts.h"
#include "bqcdc/emulator/handlers/query_executor.h"
#include "bqcdc/emulator/handlers/rest_service.h"
#include "bqcdc/emulator/handlers/route_table.h"

namespace bqcdc::emulator::handlers {

struct RestContext::State {
  engine::Database& database;
  const base::Clock& clock;
  const QueryFunction run_query;
  const RestOptions options;
  JobStore jobs;
  InsertIds insert_ids;
  RouteTable routes;
  JobTimeouts timeouts;
  // Last, so that its threads end before what they use.
  QueryExecutor executor;

  int64_t NowMs() const { return absl::ToUnixMillis(clock.Now()); }
};

// "http://host/bigquery/v2" (https by TLS), where selfLinks begin.
std::string BaseUrl(const RestRequest& request);

// A JSON answer with status 200; `resource`'s etag also goes into the header.
RestResponse JsonResponse(const nlohmann::json& resource);

// Adds the methods of one resource. One file each: datasets.cc, tables.cc, tabledata.cc, jobs.cc, queries.cc,
// projects.cc.
void AddProjectRoutes(RestContext::State& state);
void AddDatasetRoutes(RestContext::State& state);
void AddTableRoutes(RestContext::State& state);
void AddTabledataRoutes(RestContext::State& state);
void AddInsertAllRoute(RestContext::State& state);
void AddJobRoutes(RestContext::State& state);
void AddQueryRoutes(RestContext::State& state);
// Methods of the service that are refused with 501 by their name.
void AddUnimplementedRoutes(RestContext::State& state);
// The discovery document, written from the routes above; see discovery.h.
void AddDiscoveryRoutes(RestContext::State& state);

}  // namespace bqcdc::emulator::handlers
