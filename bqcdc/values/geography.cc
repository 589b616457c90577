#include "bqcdc/values/geography.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "bqcdc/values/json_text.h"

namespace bqcdc::values {
namespace {

constexpr double kLatitudeMax = 90;
constexpr double kLongitudeMax = 180;
constexpr size_t kRingPointsMin = 4;  // a triangle and its first point again
constexpr size_t kLinePointsMin = 2;

struct KindName {
  GeographyKind kind;
  std::string_view wkt;
  std::string_view geo_json;
  GeographyKind part;  // what its parts are
};

constexpr std::array<KindName, 7> kKinds = {{
    {GeographyKind::kPoint, "POINT", "Point", GeographyKind::kPoint},
    {GeographyKind::kLineString, "LINESTRING", "LineString", GeographyKind::kLineString},
    {GeographyKind::kPolygon, "POLYGON", "Polygon", GeographyKind::kLineString},
    {GeographyKind::kMultiPoint, "MULTIPOINT", "MultiPoint", GeographyKind::kPoint},
    {GeographyKind::kMultiLineString, "MULTILINESTRING", "MultiLineString", GeographyKind::kLineString},
    {GeographyKind::kMultiPolygon, "MULTIPOLYGON", "MultiPolygon", GeographyKind::kPolygon},
    {GeographyKind::kCollection, "GEOMETRYCOLLECTION", "GeometryCollection", GeographyKind::kCollection},
}};

const KindName& NameOf(GeographyKind kind) { return kKinds[static_cast<size_t>(kind)]; }

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What the grammar cannot say. `is_ring`: the LINESTRING is a ring of a POLYGON.
ValueError CheckShape(const Geography& geography, bool is_ring = false) {
  if (geography.kind == GeographyKind::kLineString) {
    const auto& points = geography.points;
    if (points.size() < (is_ring ? kRingPointsMin : kLinePointsMin)) return ValueError::kOutOfRange;
    if (is_ring && points.front() != points.back()) return ValueError::kOutOfRange;
  }
  for (const Geography& part : geography.parts) {
    const ValueError error = CheckShape(part, geography.kind == GeographyKind::kPolygon);
    if (error != ValueError::kNone) return error;
  }
  return ValueError::kNone;
}

// Empty parts mean nothing; without any other the whole is the empty collection.
void DropEmptyParts(Geography* geography) {
  std::erase_if(geography->parts, [](const Geography& part) { return part.empty(); });
  if (geography->empty()) geography->kind = GeographyKind::kCollection;
}

class WktReader {
 public:
  explicit WktReader(std::string_view text) : rest_(text) {}

  ValueError Read(Geography* out) {
    ValueError error = ReadTagged(0, out);
    if (error != ValueError::kNone) return error;
    SkipSpace();
    return rest_.empty() ? ValueError::kNone : ValueError::kMalformed;
  }

 private:
  ValueError ReadTagged(int depth, Geography* out) {
    if (depth >= kGeographyDepthMax) return ValueError::kOutOfRange;
    const std::string word = TakeWord();
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                    [&word](const KindName& name) { return name.wkt == word; });
    if (found == kKinds.end()) return ValueError::kMalformed;
    out->kind = found->kind;
    return ReadBody(depth, out);
  }

  // EMPTY, or what stands in parentheses.
  ValueError ReadBody(int depth, Geography* out) {
    if (TakeEmpty()) {
      DropEmptyParts(out);
      return ValueError::kNone;
    }
    if (!Take('(')) return ValueError::kMalformed;
    do {
      if (const ValueError error = ReadItem(depth, out); error != ValueError::kNone) return error;
    } while (Take(','));
    if (!Take(')')) return ValueError::kMalformed;
    if (out->kind == GeographyKind::kPoint && out->points.size() != 1) return ValueError::kMalformed;
    DropEmptyParts(out);
    return ValueError::kNone;
  }

  ValueError ReadItem(int depth, Geography* out) {
    switch (out->kind) {
      case GeographyKind::kPoint:
      case GeographyKind::kLineString:
        return ReadPoint(&out->points.emplace_back());
      case GeographyKind::kCollection:
        return ReadTagged(depth + 1, &out->parts.emplace_back());
      case GeographyKind::kMultiPoint: {
        // Both MULTIPOINT(0 0, 1 1) and MULTIPOINT((0 0), (1 1)) are written.
        Geography& part = out->parts.emplace_back();
        part.kind = GeographyKind::kPoint;
        SkipSpace();
        const bool is_plain = !rest_.empty() && rest_.front() != '(' && Upper(rest_.front()) != 'E';
        return is_plain ? ReadPoint(&part.points.emplace_back()) : ReadBody(depth, &part);
      }
      default: {
        Geography& part = out->parts.emplace_back();
        part.kind = NameOf(out->kind).part;
        return ReadBody(depth, &part);
      }
    }
  }

  ValueError ReadPoint(GeographyPoint* out) {
    double longitude = 0;
    double latitude = 0;
    if (!TakeNumber(&longitude) || !TakeNumber(&latitude)) return ValueError::kMalformed;
    return MakeGeographyPoint(longitude, latitude, out);
  }

  void SkipSpace() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  }

  bool Take(char c) {
    SkipSpace();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string TakeWord() {
    SkipSpace();
    std::string word;
    while (!rest_.empty() && Upper(rest_.front()) >= 'A' && Upper(rest_.front()) <= 'Z') {
      word.push_back(Upper(rest_.front()));
      rest_.remove_prefix(1);
    }
    return word;
  }

  bool TakeEmpty() {
    const std::string_view before = rest_;
    if (TakeWord() == "EMPTY") return true;
    rest_ = before;
    return false;
  }

  bool TakeNumber(double* value) {
    SkipSpace();
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), *value);
    if (error != std::errc() || !std::isfinite(*value)) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    // "1 2" are two numbers, "1-2" is none.
    return rest_.empty() || IsSpace(rest_.front()) || rest_.front() == ',' || rest_.front() == ')';
  }

  std::string_view rest_;
};

// A number or an array of such, as deep as the coordinates of a MultiPolygon.
struct Coordinates {
  bool is_number = false;
  double number = 0;
  std::vector<Coordinates> items;
};

// Reads text that IsJson() has found good, so that it can only differ in what it means.
class GeoJsonReader {
 public:
  explicit GeoJsonReader(std::string_view text) : rest_(text) {}

  ValueError ReadGeometry(int depth, Geography* out) {
    if (depth >= kGeographyDepthMax) return ValueError::kOutOfRange;
    if (!Take('{')) return ValueError::kMalformed;
    std::string_view type;
    bool has_coordinates = false;
    bool has_geometries = false;
    Coordinates coordinates;
    while (!Take('}')) {
      const std::string_view key = TakeString();
      Take(':');
      if (key == "type" && Peek() == '"') {
        type = TakeString();
      } else if (key == "coordinates" && Peek() == '[') {
        has_coordinates = true;
        coordinates = {};  // of a key that comes twice the last one counts
        if (!ReadCoordinates(0, &coordinates)) return ValueError::kMalformed;
      } else if (key == "geometries" && Peek() == '[') {
        has_geometries = true;
        out->parts.clear();
        if (const ValueError error = ReadGeometries(depth, out); error != ValueError::kNone) return error;
      } else {
        SkipValue();
      }
      Take(',');
    }
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                    [type](const KindName& name) { return name.geo_json == type; });
    if (found == kKinds.end()) return ValueError::kMalformed;
    out->kind = found->kind;
    if (found->kind == GeographyKind::kCollection) {
      if (!has_geometries) return ValueError::kMalformed;
      DropEmptyParts(out);
      return ValueError::kNone;
    }
    if (!has_coordinates || has_geometries) return ValueError::kMalformed;
    return Build(coordinates, out);
  }

 private:
  static constexpr int kCoordinatesDepthMax = 4;

  ValueError ReadGeometries(int depth, Geography* out) {
    Take('[');
    while (!Take(']')) {
      const ValueError error = ReadGeometry(depth + 1, &out->parts.emplace_back());
      if (error != ValueError::kNone) return error;
      Take(',');
    }
    return ValueError::kNone;
  }

  static ValueError Build(const Coordinates& from, Geography* out) {
    if (from.is_number) return ValueError::kMalformed;
    if (out->kind == GeographyKind::kPoint) {
      if (!from.items.empty()) {
        const ValueError error = BuildPoint(from, &out->points.emplace_back());
        if (error != ValueError::kNone) return error;
      }
    } else {
      for (const Coordinates& item : from.items) {
        ValueError error = ValueError::kNone;
        if (out->kind == GeographyKind::kLineString) {
          error = BuildPoint(item, &out->points.emplace_back());
        } else {
          Geography& part = out->parts.emplace_back();
          part.kind = NameOf(out->kind).part;
          error = Build(item, &part);
        }
        if (error != ValueError::kNone) return error;
      }
    }
    DropEmptyParts(out);
    return ValueError::kNone;
  }

  static ValueError BuildPoint(const Coordinates& from, GeographyPoint* out) {
    if (from.items.size() != 2 || !from.items[0].is_number || !from.items[1].is_number) {
      return ValueError::kMalformed;
    }
    return MakeGeographyPoint(from.items[0].number, from.items[1].number, out);
  }

  bool ReadCoordinates(int depth, Coordinates* out) {
    if (Peek() != '[') {
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out->number);
      if (error != std::errc()) return false;
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      out->is_number = true;
      return true;
    }
    if (depth >= kCoordinatesDepthMax) return false;
    Take('[');
    while (!Take(']')) {
      if (!ReadCoordinates(depth + 1, &out->items.emplace_back())) return false;
      Take(',');
    }
    return true;
  }

  char Peek() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }

  bool Take(char c) {
    if (Peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // What stands between the quotes; the names that matter have no escapes.
  std::string_view TakeString() {
    Take('"');
    size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return text;
  }

  void SkipValue() {
    int open = 0;
    do {
      const char c = Peek();
      if (c == '"') {
        TakeString();
        continue;
      }
      if (c == '{' || c == '[') ++open;
      if (c == '}' || c == ']') --open;
      if (c == '{' || c == '[' || c == '}' || c == ']' || c == ',' || c == ':') {
        rest_.remove_prefix(1);
        continue;
      }
      while (!rest_.empty() && !IsSpace(rest_.front()) &&
             std::string_view(",:{}[]\"").find(rest_.front()) == std::string_view::npos) {
        rest_.remove_prefix(1);
      }
    } while (open > 0 && !rest_.empty());
  }

  std::string_view rest_;
};

void AppendNumber(double value, std::string* out) {
  char digits[32];
  // Without the sign of a negative zero.
  out->append(digits, static_cast<size_t>(std::snprintf(digits, sizeof digits, "%.15g", value + 0.0)));
}

void AppendPoints(const std::vector<GeographyPoint>& points, std::string* out) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (i > 0) out->append(", ");
    AppendNumber(points[i].longitude, out);
    out->push_back(' ');
    AppendNumber(points[i].latitude, out);
  }
}

// What stands in the parentheses of a geography of `kind`.
void AppendBody(const Geography& geography, std::string* out) {
  out->push_back('(');
  AppendPoints(geography.points, out);
  for (size_t i = 0; i < geography.parts.size(); ++i) {
    if (i > 0) out->append(", ");
    const Geography& part = geography.parts[i];
    if (geography.kind == GeographyKind::kMultiPoint) {
      AppendPoints(part.points, out);
    } else if (geography.kind == GeographyKind::kCollection) {
      out->append(NameOf(part.kind).wkt);
      AppendBody(part, out);
    } else {
      AppendBody(part, out);
    }
  }
  out->push_back(')');
}

}  // namespace

ValueError MakeGeographyPoint(double longitude, double latitude, GeographyPoint* out) {
  if (!std::isfinite(longitude) || !(std::fabs(latitude) <= kLatitudeMax)) return ValueError::kOutOfRange;
  if (std::fabs(longitude) > kLongitudeMax) longitude = std::remainder(longitude, 2 * kLongitudeMax);
  *out = {longitude, latitude};
  return ValueError::kNone;
}

ValueError ParseWkt(std::string_view text, Geography* out) {
  *out = {};
  const ValueError error = WktReader(text).Read(out);
  return error == ValueError::kNone ? CheckShape(*out) : error;
}

ValueError ParseGeoJson(std::string_view text, Geography* out) {
  *out = {};
  if (!IsJson(text)) return ValueError::kMalformed;
  const ValueError error = GeoJsonReader(text).ReadGeometry(0, out);
  return error == ValueError::kNone ? CheckShape(*out) : error;
}

ValueError ParseGeography(std::string_view text, Geography* out) {
  const auto first = std::find_if_not(text.begin(), text.end(), &IsSpace);
  return first != text.end() && *first == '{' ? ParseGeoJson(text, out) : ParseWkt(text, out);
}

std::string FormatWkt(const Geography& geography) {
  if (geography.empty()) return "GEOMETRYCOLLECTION EMPTY";
  std::string text(NameOf(geography.kind).wkt);
  AppendBody(geography, &text);
  return text;
}

int64_t CountPoints(const Geography& geography) {
  auto count = static_cast<int64_t>(geography.points.size());
  for (const Geography& part : geography.parts) count += CountPoints(part);
  return count;
}

int DimensionOf(const Geography& geography) {
  if (geography.empty()) return -1;
  switch (geography.kind) {
    case GeographyKind::kPoint:
    case GeographyKind::kMultiPoint:
      return 0;
    case GeographyKind::kLineString:
    case GeographyKind::kMultiLineString:
      return 1;
    case GeographyKind::kPolygon:
    case GeographyKind::kMultiPolygon:
      return 2;
    case GeographyKind::kCollection:
      break;
  }
  int dimension = -1;
  for (const Geography& part : geography.parts) dimension = std::max(dimension, DimensionOf(part));
  return dimension;
}

}  // namespace bqcdc::values
