#pragma once

#include <string>
#include <vector>

namespace bqcdc::hostile {

// A serialized google.protobuf.DescriptorProto that no library would make. Names the fields `id` (INT64), so
// that a server which takes it whole would take a row.
struct DescriptorBomb {
  std::string name;
  std::string descriptor;
  bool usable = false;  // odd, but nothing is wrong with it
};

std::vector<DescriptorBomb> DescriptorBombs();

}  // namespace bqcdc::hostile
