#include "bqcdc/values/geography.h"

#include <gtest/gtest.h>

namespace bqcdc::values {
namespace {

TEST(Geography, TextsInCanonicalForm) {
  struct Case {
    std::string text;
    const char* want;
    int dimension;
    int64_t points;
  };
  for (const Case& c : {
           Case{"POINT(1 2)", "POINT(1 2)", 0, 1},
           Case{" point ( -0.0  1.50 ) ", "POINT(0 1.5)", 0, 1},
           Case{"POINT(190 45)", "POINT(-170 45)", 0, 1},
           Case{"POINT(0.1 1e-7)", "POINT(0.1 1e-07)", 0, 1},
           Case{"LINESTRING(0 0,1 1, 2 2)", "LINESTRING(0 0, 1 1, 2 2)", 1, 3},
           Case{"POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))",
                "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 1 1))", 2, 9},
           Case{"MULTIPOINT(0 0, 1 1)", "MULTIPOINT(0 0, 1 1)", 0, 2},
           Case{"MULTIPOINT((0 0), EMPTY, (1 1))", "MULTIPOINT(0 0, 1 1)", 0, 2},
           Case{"MULTILINESTRING((0 0, 1 1), (2 2, 3 3))", "MULTILINESTRING((0 0, 1 1), (2 2, 3 3))", 1, 4},
           Case{"MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", 2, 4},
           Case{"GeometryCollection(POINT(0 0), LINESTRING(1 1,2 2))",
                "GEOMETRYCOLLECTION(POINT(0 0), LINESTRING(1 1, 2 2))", 1, 3},
           Case{"POINT EMPTY", "GEOMETRYCOLLECTION EMPTY", -1, 0},
           Case{"GEOMETRYCOLLECTION(POINT EMPTY)", "GEOMETRYCOLLECTION EMPTY", -1, 0},
           Case{R"({"type":"Point","coordinates":[3,4]})", "POINT(3 4)", 0, 1},
           Case{R"( {"coordinates": [[0, 0], [1e0, -1.5]], "bbox": [0, {"a": "]}"}], "type": "LineString"})",
                "LINESTRING(0 0, 1 -1.5)", 1, 2},
           Case{R"({"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]})",
                "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", 2, 4},
           Case{R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]})",
                "GEOMETRYCOLLECTION(POINT(1 2))", 0, 1},
       }) {
    Geography geography;
    ASSERT_EQ(ParseGeography(c.text, &geography), ValueError::kNone) << c.text;
    const std::string text = FormatWkt(geography);
    EXPECT_EQ(text, c.want) << c.text;
    EXPECT_EQ(DimensionOf(geography), c.dimension) << c.text;
    EXPECT_EQ(CountPoints(geography), c.points) << c.text;
    Geography again;
    ASSERT_EQ(ParseGeography(text, &again), ValueError::kNone) << text;
    EXPECT_EQ(FormatWkt(again), text);
  }
}

TEST(Geography, Refusals) {
  for (const char* text : {"",
                           "nonsense",
                           "POINT",
                           "POINT()",
                           "POINT(1)",
                           "POINT(1 2 3)",
                           "POINT(1 2",
                           "POINT(1 2) x",
                           "POINT Z (1 2 3)",
                           "POINT(1 2, 3 4)",
                           "POINT(a b)",
                           "POINT(nan 1)",
                           "POINT(1-2)",
                           "LINESTRING(0 0; 1 1)",
                           "POLYGON(0 0, 1 1)",
                           "SRID=4326;POINT(1 2)",
                           "{",
                           "{}",
                           R"({"type":"Point"})",
                           R"({"type":"Point","coordinates":[1]})",
                           R"({"type":"Point","coordinates":[[1,2]]})",
                           R"({"type":"Point","coordinates":["1","2"]})",
                           R"({"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}})",
                           R"({"type":"GeometryCollection"})",
                           R"({"type":"MultiPolygon","coordinates":[[[[[0,0]]]]]})"}) {
    Geography geography;
    EXPECT_EQ(ParseGeography(text, &geography), ValueError::kMalformed) << text;
  }
  std::string deep;
  for (int i = 0; i < kGeographyDepthMax + 1; ++i) deep += "GEOMETRYCOLLECTION(";
  for (const std::string& text :
       {std::string("POINT(0 91)"), std::string("LINESTRING(0 0)"),
        std::string("POLYGON((0 0, 1 0, 1 1, 0 2))"), std::string("POLYGON((0 0, 1 0, 0 0))"),
        std::string(R"({"type":"Point","coordinates":[0,-90.5]})"), deep}) {
    Geography geography;
    EXPECT_EQ(ParseGeography(text, &geography), ValueError::kOutOfRange) << text;
  }
}

}  // namespace
}  // namespace bqcdc::values
