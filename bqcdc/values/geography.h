#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

// Nesting of geometry collections that is read.
inline constexpr int kGeographyDepthMax = 16;

enum class GeographyKind : uint8_t {
  kPoint,
  kLineString,
  kPolygon,
  kMultiPoint,
  kMultiLineString,
  kMultiPolygon,
  kCollection,
};

// Degrees.
struct GeographyPoint {
  double longitude = 0;
  double latitude = 0;

  friend bool operator==(const GeographyPoint&, const GeographyPoint&) = default;
};

// The shape of a GEOGRAPHY as it is written; nothing is computed on the sphere
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/geography_functions).
struct Geography {
  GeographyKind kind = GeographyKind::kCollection;
  std::vector<GeographyPoint> points;  // of a POINT (one) and a LINESTRING
  std::vector<Geography> parts;        // rings of a POLYGON as LINESTRINGs, the members of the others

  // Empty geographies of every kind are the empty collection.
  bool empty() const { return points.empty() && parts.empty(); }
};

// Reads well-known text (`POINT(1 2)`, keywords in any case) or a GeoJSON geometry, told apart by the opening
// brace. Malformed: neither of both. OutOfRange: a latitude beyond 90 degrees, a ring that is not closed or
// has fewer than four points, a line of one point, collections deeper than kGeographyDepthMax. Longitudes are
// taken modulo 360. Whether edges cross is not looked at.
[[nodiscard]] ValueError ParseGeography(std::string_view text, Geography* out);
[[nodiscard]] ValueError ParseWkt(std::string_view text, Geography* out);
[[nodiscard]] ValueError ParseGeoJson(std::string_view text, Geography* out);

// Well-known text as BigQuery writes it: `LINESTRING(0 0, 1.5 2)`, numbers of at most 15 digits, vertices in
// the order in which they were given, `GEOMETRYCOLLECTION EMPTY` for everything that is empty.
std::string FormatWkt(const Geography& geography);

// A point with its longitude brought to -180..180; OutOfRange for a latitude beyond 90 degrees, not-a-number
// and infinities.
[[nodiscard]] ValueError MakeGeographyPoint(double longitude, double latitude, GeographyPoint* out);

// Vertices, the closing one of each ring counted in.
int64_t CountPoints(const Geography& geography);

// 0 for points, 1 for lines, 2 for areas, the largest of a collection; -1 for an empty one.
int DimensionOf(const Geography& geography);

}  // namespace bqcdc::values
