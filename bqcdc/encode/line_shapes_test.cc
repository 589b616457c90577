#include "bqcdc/encode/line_shapes.h"

#include <gtest/gtest.h>

#include <string>

#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::encode {
namespace {

class LineShapesTest : public ::testing::Test {
 protected:
  // Columns in an order: shapes of other orders cannot be merged.
  LineShape ShapeOf(std::string_view columns) const {
    LineShape shape;
    for (const char c : columns) {
      const std::string name(1, c);
      const auto index = static_cast<size_t>(plan_->row().Find(name));
      shape.AddColumn(plan_->row(), index);
      shape.AddValue((&c == columns.data() ? "{\"" : ",\"") + name + "\":", plan_->row().column(index), index,
                     false);
    }
    shape.End("}");
    return shape;
  }
  static std::string ColumnsOf(const LineShape& shape) {
    std::string columns;
    for (const LineShape::Step& step : shape.steps()) columns += step.column->name;
    return columns;
  }
  static std::string ColumnsOf(const LineShapes& shapes) {
    std::string columns;
    for (size_t place = 0; place < shapes.count(); ++place) columns += ColumnsOf(shapes.shape(place)) + " ";
    return columns;
  }

  const std::shared_ptr<const EncodePlan> plan_ =
      *EncodePlan::Create({*schema::ParseInlineSchema("a:INT64,b:INT64,c:INT64,d:INT64"), {"a"}});
};

TEST_F(LineShapesTest, TheOneThatFittedLongestAgoMakesRoom) {
  LineShapes shapes(3);
  for (const char* columns : {"abc", "acb", "bac"}) shapes.Add(ShapeOf(columns));
  EXPECT_EQ(ColumnsOf(shapes), "bac acb abc ");
  shapes.Fitted(2);
  EXPECT_EQ(ColumnsOf(shapes), "abc bac acb ");
  shapes.Fitted(1);
  EXPECT_EQ(ColumnsOf(shapes), "bac abc acb ");
  shapes.Add(ShapeOf("bca"));
  EXPECT_EQ(ColumnsOf(shapes), "bca bac abc ");
}

TEST_F(LineShapesTest, ShapesOfOneOrderAreOne) {
  LineShapes shapes(3);
  for (const char* columns : {"acd", "ba", "abd", "ac"}) shapes.Add(ShapeOf(columns));
  EXPECT_EQ(ColumnsOf(shapes), "acbd ba ");
  // What stands first stands behind a bracket, so it cannot be absent.
  shapes.Add(ShapeOf("cd"));
  EXPECT_EQ(ColumnsOf(shapes), "cd acbd ba ");
}

TEST_F(LineShapesTest, PausesDoubleAndEndByHalves) {
  LineShapes shapes(1);
  const auto pause = [&](bool fitted) {
    shapes.Note(fitted);
    size_t lines = 0;
    while (!shapes.TryNext()) ++lines;
    return lines;
  };
  for (const size_t lines : {1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023}) EXPECT_EQ(pause(false), lines);
  EXPECT_EQ(pause(true), 0u);
  EXPECT_EQ(pause(false), 1023u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pause(true), 0u);
  EXPECT_EQ(pause(false), 1u);
}

}  // namespace
}  // namespace bqcdc::encode
