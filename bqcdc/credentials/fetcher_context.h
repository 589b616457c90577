#pragma once

#include <functional>
#include <string>

#include "bqcdc/http/transport.h"

namespace bqcdc::credentials {

// What a token is good for. The wider one is needed to ask for another account's token.
inline constexpr char kBigQueryScope[] = "https://www.googleapis.com/auth/bigquery";
inline constexpr char kCloudPlatformScope[] = "https://www.googleapis.com/auth/cloud-platform";

// What fetchers work with. The transport must outlive them.
struct FetcherContext {
  http::Transport* transport = nullptr;
  std::function<std::string(const char*)> environment;  // getenv, "" when unset
  std::string scope = kBigQueryScope;
};

}  // namespace bqcdc::credentials
