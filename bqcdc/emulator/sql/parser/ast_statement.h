#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/sql/parser/ast_expression.h"
#include "bqcdc/emulator/sql/parser/ast_query.h"
#include "bqcdc/emulator/sql/parser/ast_type.h"

namespace bqcdc::emulator::sql {

enum class StatementKind {
  kQuery,
  kCreateTable,
  kCreateView,
  kCreateSchema,
  kAlterSchema,
  kAlterTable,
  kDrop,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kTruncate,
  kDeclare,
  kSet,
  kBlock,
  kIf,
  kLoop,
  kJump,
  kUnsupported,
};

struct Statement {
  explicit Statement(StatementKind k) : kind(k) {}
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  const StatementKind kind;
  Position position;
  // Byte behind the last token, so that text.substr(position.offset, end_offset - position.offset) is the
  // statement without its semicolon.
  int end_offset = 0;
};

using StatementPtr = std::unique_ptr<Statement>;

template <StatementKind K>
struct StatementOf : Statement {
  static constexpr StatementKind kKind = K;
  StatementOf() : Statement(K) {}
};

struct QueryStatement : StatementOf<StatementKind::kQuery> {
  QueryPtr query;
};

// A statement that the parser recognises by its first words and nothing implements: CREATE FUNCTION,
// DECLARE, BEGIN, EXPORT DATA, CALL ... Its tokens are skipped up to the semicolon (for blocks: to the end
// of the text).
struct UnsupportedStatement : StatementOf<StatementKind::kUnsupported> {
  std::string name;  // upper case: "CREATE FUNCTION"
};

// ---- DDL
// ------------------------------------------------------------------------------------------------------------

// name = value of OPTIONS(...).
struct OptionEntry {
  Identifier name;
  ExpressionPtr value;
};

struct OptionsList {
  std::vector<OptionEntry> entries;  // may be empty: OPTIONS()
  Position position;
};

// REFERENCES table(columns) NOT ENFORCED.
struct ForeignKeyReference {
  TablePath table;
  std::vector<Identifier> columns;
  Position position;
};

// What may follow the type of a column, in any order. Positions serve refusals.
struct ColumnAttributes {
  bool not_null = false;
  Position not_null_position;
  bool primary_key = false;  // PRIMARY KEY NOT ENFORCED
  Position primary_key_position;
  bool enforced = false;  // PRIMARY KEY without NOT ENFORCED, or ENFORCED: to be refused by the analyzer
  ExpressionPtr default_value;
  ExpressionPtr generated;  // GENERATED ALWAYS AS (x)
  std::optional<ForeignKeyReference> references;
  std::optional<OptionsList> options;
};

struct ColumnDefinition {
  Identifier name;
  TypeNamePtr type;  // its `collate` holds COLLATE
  ColumnAttributes attributes;
};

// PRIMARY KEY (a, b) NOT ENFORCED.
struct PrimaryKeyConstraint {
  std::optional<Identifier> name;  // CONSTRAINT name
  std::vector<Identifier> columns;
  bool enforced = false;  // NOT ENFORCED is missing, or ENFORCED is written
  Position position;
};

// FOREIGN KEY (a) REFERENCES t(b) NOT ENFORCED.
struct ForeignKeyConstraint {
  std::optional<Identifier> name;
  std::vector<Identifier> columns;
  ForeignKeyReference references;
  bool enforced = false;
  Position position;
};

enum class TableSource { kNone, kLike, kCopy, kClone };

struct CreateTableStatement : StatementOf<StatementKind::kCreateTable> {
  bool or_replace = false;
  bool temporary = false;
  bool if_not_exists = false;
  // CREATE EXTERNAL TABLE and CREATE SNAPSHOT TABLE are UnsupportedStatement.
  TablePath name;
  bool has_column_list = false;  // () is a list
  std::vector<ColumnDefinition> columns;
  std::vector<PrimaryKeyConstraint> primary_keys;  // more than one is the analyzer's to refuse
  std::vector<ForeignKeyConstraint> foreign_keys;
  TableSource source_kind = TableSource::kNone;
  TablePath source;           // LIKE, COPY, CLONE
  ExpressionPtr source_time;  // FOR SYSTEM_TIME AS OF
  std::optional<std::string> default_collate;
  std::vector<ExpressionPtr> partition_by;  // the service takes one
  Position partition_by_position;
  std::vector<ExpressionPtr> cluster_by;
  Position cluster_by_position;
  std::optional<OptionsList> options;
  QueryPtr query;  // AS query, else null
};

struct ViewColumn {
  Identifier name;
  std::optional<OptionsList> options;
};

struct CreateViewStatement : StatementOf<StatementKind::kCreateView> {
  bool or_replace = false;
  bool if_not_exists = false;
  TablePath name;
  std::vector<ViewColumn> columns;
  std::optional<OptionsList> options;
  QueryPtr query;
  // The query as written, for INFORMATION_SCHEMA.VIEWS.view_definition.
  std::string query_text;
};

struct CreateSchemaStatement : StatementOf<StatementKind::kCreateSchema> {
  bool or_replace = false;  // refused by the service; kept so that the refusal has a name
  bool if_not_exists = false;
  TablePath name;
  std::optional<std::string> default_collate;
  std::optional<OptionsList> options;
};

enum class AlterSchemaActionKind { kSetOptions, kSetDefaultCollate, kAddReplica, kDropReplica };

struct AlterSchemaAction {
  AlterSchemaActionKind kind = AlterSchemaActionKind::kSetOptions;
  std::optional<OptionsList> options;
  std::string text;  // collation or replica name
  Position position;
};

struct AlterSchemaStatement : StatementOf<StatementKind::kAlterSchema> {
  bool if_exists = false;
  TablePath name;
  std::vector<AlterSchemaAction> actions;
};

enum class DropObject { kTable, kView, kSchema };  // others are UnsupportedStatement
enum class DropMode { kUnspecified, kRestrict, kCascade };

struct DropStatement : StatementOf<StatementKind::kDrop> {
  DropObject object = DropObject::kTable;
  bool if_exists = false;
  TablePath name;
  DropMode mode = DropMode::kUnspecified;
};

enum class AlterTableActionKind {
  kSetOptions,
  kAddColumn,
  kDropColumn,
  kRenameColumn,
  kAddPrimaryKey,
  kDropPrimaryKey,
  kAddForeignKey,
  kDropConstraint,
  kAlterColumn,
  kRenameTo,
  kSetDefaultCollate,
};

struct AlterTableAction {
  explicit AlterTableAction(AlterTableActionKind k) : kind(k) {}
  virtual ~AlterTableAction() = default;
  AlterTableAction(const AlterTableAction&) = delete;
  AlterTableAction& operator=(const AlterTableAction&) = delete;

  const AlterTableActionKind kind;
  Position position;
};

using AlterTableActionPtr = std::unique_ptr<AlterTableAction>;

template <AlterTableActionKind K>
struct AlterTableActionOf : AlterTableAction {
  static constexpr AlterTableActionKind kKind = K;
  AlterTableActionOf() : AlterTableAction(K) {}
};

struct SetOptionsAction : AlterTableActionOf<AlterTableActionKind::kSetOptions> {
  OptionsList options;
};

struct AddColumnAction : AlterTableActionOf<AlterTableActionKind::kAddColumn> {
  bool if_not_exists = false;
  ColumnDefinition column;
};

struct DropColumnAction : AlterTableActionOf<AlterTableActionKind::kDropColumn> {
  bool if_exists = false;
  Identifier column;
};

struct RenameColumnAction : AlterTableActionOf<AlterTableActionKind::kRenameColumn> {
  bool if_exists = false;
  Identifier column;
  Identifier new_name;
};

struct AddPrimaryKeyAction : AlterTableActionOf<AlterTableActionKind::kAddPrimaryKey> {
  PrimaryKeyConstraint primary_key;
};

struct DropPrimaryKeyAction : AlterTableActionOf<AlterTableActionKind::kDropPrimaryKey> {
  bool if_exists = false;
};

struct AddForeignKeyAction : AlterTableActionOf<AlterTableActionKind::kAddForeignKey> {
  bool if_not_exists = false;
  ForeignKeyConstraint foreign_key;
};

struct DropConstraintAction : AlterTableActionOf<AlterTableActionKind::kDropConstraint> {
  bool if_exists = false;
  Identifier name;
};

enum class AlterColumnChange { kDropNotNull, kSetDataType, kSetDefault, kDropDefault, kSetOptions };

struct AlterColumnAction : AlterTableActionOf<AlterTableActionKind::kAlterColumn> {
  bool if_exists = false;
  Identifier column;
  AlterColumnChange change = AlterColumnChange::kDropNotNull;
  TypeNamePtr data_type;        // kSetDataType
  ExpressionPtr default_value;  // kSetDefault
  OptionsList options;          // kSetOptions
};

struct RenameToAction : AlterTableActionOf<AlterTableActionKind::kRenameTo> {
  Identifier new_name;
};

struct SetDefaultCollateAction : AlterTableActionOf<AlterTableActionKind::kSetDefaultCollate> {
  std::string collate;
};

// ALTER TABLE and ALTER VIEW.
struct AlterTableStatement : StatementOf<StatementKind::kAlterTable> {
  bool is_view = false;
  bool if_exists = false;
  TablePath name;
  std::vector<AlterTableActionPtr> actions;  // never empty
};

// ---- DML
// ------------------------------------------------------------------------------------------------------------

struct InsertRow {
  std::vector<ExpressionPtr> values;  // DefaultExpression possible
  Position position;
};

struct InsertStatement : StatementOf<StatementKind::kInsert> {
  TablePath table;
  std::vector<Identifier> columns;  // empty: all columns
  std::vector<InsertRow> rows;      // VALUES; else empty
  QueryPtr query;                   // else null
};

struct UpdateItem {
  std::vector<Identifier> column;  // path: nested fields may be set
  ExpressionPtr value;             // DefaultExpression possible
};

struct UpdateStatement : StatementOf<StatementKind::kUpdate> {
  TablePath table;
  std::optional<Identifier> alias;
  std::vector<UpdateItem> items;
  TableExpressionPtr from;  // null without FROM
  ExpressionPtr where;      // null when missing: the service refuses that
};

struct DeleteStatement : StatementOf<StatementKind::kDelete> {
  TablePath table;
  std::optional<Identifier> alias;
  ExpressionPtr where;  // null when missing: the service refuses that
};

enum class MergeMatch { kMatched, kNotMatchedByTarget, kNotMatchedBySource };
enum class MergeActionKind { kInsert, kInsertRow, kUpdate, kDelete };

struct MergeClause {
  MergeMatch match = MergeMatch::kMatched;
  ExpressionPtr condition;  // AND x, else null
  MergeActionKind action = MergeActionKind::kDelete;
  std::vector<Identifier> columns;  // kInsert; may be empty
  InsertRow values;                 // kInsert
  std::vector<UpdateItem> items;    // kUpdate
  Position position;
  Position action_position;  // behind THEN
};

struct MergeStatement : StatementOf<StatementKind::kMerge> {
  TablePath target;
  std::optional<Identifier> alias;
  TableExpressionPtr source;
  ExpressionPtr on;
  std::vector<MergeClause> clauses;
};

struct TruncateStatement : StatementOf<StatementKind::kTruncate> {
  TablePath table;
};

// ---- scripts
// --------------------------------------------------------------------------------------------------------

struct DeclareStatement : StatementOf<StatementKind::kDeclare> {
  std::vector<Identifier> names;
  TypeNamePtr type;             // null: that of the default
  ExpressionPtr default_value;  // null: NULL; one of the two is there
};

struct SetStatement : StatementOf<StatementKind::kSet> {
  std::vector<Identifier> names;
  bool of_struct = false;  // SET (a, b) = value: a field for each
  ExpressionPtr value;
};

struct BlockStatement : StatementOf<StatementKind::kBlock> {
  std::vector<StatementPtr> statements;
  std::optional<std::vector<StatementPtr>> handler;  // EXCEPTION WHEN ERROR THEN
};

struct IfBranch {
  ExpressionPtr condition;  // null: ELSE
  std::vector<StatementPtr> statements;
};

struct IfStatement : StatementOf<StatementKind::kIf> {
  std::vector<IfBranch> branches;
};

struct LoopStatement : StatementOf<StatementKind::kLoop> {
  ExpressionPtr condition;  // of WHILE; null: LOOP
  std::vector<StatementPtr> statements;
};

enum class Jump { kBreak, kContinue, kReturn };

struct JumpStatement : StatementOf<StatementKind::kJump> {
  Jump jump = Jump::kBreak;
};

// A text of statements separated by semicolons.
struct Script {
  std::vector<StatementPtr> statements;
  int positional_parameter_count = 0;
};

}  // namespace bqcdc::emulator::sql
