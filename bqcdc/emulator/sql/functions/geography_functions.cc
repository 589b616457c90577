// https://cloud.google.com/bigquery/docs/reference/standard-sql/geography_functions, as far as it follows
// from the shape that was written: nothing here computes on the sphere.

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/geography.h"

namespace bqcdc::emulator::sql {
namespace {

using values::Geography;
using values::GeographyKind;
using values::ValueError;

using Parser = ValueError (*)(std::string_view, Geography*);

absl::StatusOr<std::string> Read(std::string_view text, Parser parse, std::string_view function) {
  Geography geography;
  switch (parse(text, &geography)) {
    case ValueError::kNone:
      return values::FormatWkt(geography);
    case ValueError::kOutOfRange:
      return base::InvalidArgument(function, " failed: invalid vertices, rings or nesting");
    default:
      return base::InvalidArgument(function, " failed: invalid text of a geography");
  }
}

// A stored geography is well formed.
Geography Stored(std::string_view text) {
  Geography geography;
  (void)values::ParseWkt(text, &geography);
  return geography;
}

std::string_view TypeName(GeographyKind kind) {
  switch (kind) {
    case GeographyKind::kPoint:
      return "ST_Point";
    case GeographyKind::kLineString:
      return "ST_LineString";
    case GeographyKind::kPolygon:
      return "ST_Polygon";
    case GeographyKind::kMultiPoint:
      return "ST_MultiPoint";
    case GeographyKind::kMultiLineString:
      return "ST_MultiLineString";
    case GeographyKind::kMultiPolygon:
      return "ST_MultiPolygon";
    case GeographyKind::kCollection:
      return "ST_GeometryCollection";
  }
  return "";
}

// The coordinate of a single point; NULL of an empty geography.
template <double values::GeographyPoint::*Coordinate>
absl::StatusOr<std::optional<double>> CoordinateOf(std::string_view text) {
  const Geography geography = Stored(text);
  if (geography.empty()) return std::nullopt;
  if (geography.kind != GeographyKind::kPoint) {
    return base::InvalidArgument("ST_X and ST_Y take a geography that is a single point");
  }
  return geography.points[0].*Coordinate;
}

}  // namespace

void AddGeographyFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_st_geogfromtext",
      +[](std::string_view text) { return Read(text, &values::ParseWkt, "ST_GeogFromText"); });
  AddFunction(
      f, "bq_st_geogfromgeojson",
      +[](std::string_view text) { return Read(text, &values::ParseGeoJson, "ST_GeogFromGeoJSON"); });
  AddFunction(
      f, "bq_st_geogpoint", +[](double longitude, double latitude) -> absl::StatusOr<std::string> {
        Geography point;
        point.kind = GeographyKind::kPoint;
        if (values::MakeGeographyPoint(longitude, latitude, &point.points.emplace_back()) !=
            ValueError::kNone) {
          return base::InvalidArgument("ST_GeogPoint failed: Latitude must be between -90 and 90 degrees");
        }
        return values::FormatWkt(point);
      });
  AddFunction(
      f, "bq_st_geometrytype",
      +[](std::string_view text) -> std::string { return std::string(TypeName(Stored(text).kind)); });
  AddFunction(
      f, "bq_st_npoints", +[](std::string_view text) { return values::CountPoints(Stored(text)); });
  AddFunction(
      f, "bq_st_dimension",
      +[](std::string_view text) { return static_cast<int64_t>(values::DimensionOf(Stored(text))); });
  AddFunction(
      f, "bq_st_isempty", +[](std::string_view text) { return Stored(text).empty(); });
  AddFunction(
      f, "bq_st_iscollection", +[](std::string_view text) {
        // Of more than one point, line or area.
        const Geography geography = Stored(text);
        return geography.kind >= GeographyKind::kMultiPoint && geography.parts.size() > 1;
      });
  AddFunction(f, "bq_st_x", &CoordinateOf<&values::GeographyPoint::longitude>);
  AddFunction(f, "bq_st_y", &CoordinateOf<&values::GeographyPoint::latitude>);
}

}  // namespace bqcdc::emulator::sql
