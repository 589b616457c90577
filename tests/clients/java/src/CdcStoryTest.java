import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.api.core.ApiFuture;
import com.google.cloud.bigquery.BigQueryException;
import com.google.cloud.bigquery.DatasetInfo;
import com.google.cloud.bigquery.Field;
import com.google.cloud.bigquery.QueryJobConfiguration;
import com.google.cloud.bigquery.QueryParameterValue;
import com.google.cloud.bigquery.StandardSQLTypeName;
import com.google.cloud.bigquery.StandardTableDefinition;
import com.google.cloud.bigquery.Table;
import com.google.cloud.bigquery.TableId;
import com.google.cloud.bigquery.storage.v1.AppendRowsResponse;
import com.google.cloud.bigquery.storage.v1.Exceptions;
import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.TableFieldSchema;
import com.google.cloud.bigquery.storage.v1.TableSchema;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Changes through JsonStreamWriter, read back by queries and lists. */
class CdcStoryTest extends WarehouseTest {
  private static final String TABLE = Warehouse.DATASET + ".story";
  private static final List<List<String>> STORY_END = List.of(List.of("1", "Alice Restored"), List.of("2", "Bob"));

  @BeforeEach
  void createTable() throws Exception {
    warehouse.query("CREATE OR REPLACE TABLE " + TABLE + " (id INT64 NOT NULL, name STRING(20), PRIMARY KEY (id) NOT ENFORCED)"
            + " OPTIONS (max_staleness = INTERVAL 0 MINUTE)");
  }

  static JSONObject change(int id, String name, String type, int sequence) {
    return Warehouse.row("id", id, "name", name, "_CHANGE_TYPE", type, "_CHANGE_SEQUENCE_NUMBER", Integer.toHexString(sequence));
  }

  private static List<JSONObject> story() {
    return List.of(
        change(1, "Alice", "UPSERT", 1),
        change(1, "Alice", "DELETE", 2),
        change(1, "Alice Restored", "UPSERT", 3),
        change(2, "Bob", "UPSERT", 4));
  }

  private static List<JSONObject> reversed() {
    List<JSONObject> changes = new ArrayList<>(story());
    Collections.reverse(changes);
    return changes;
  }

  private static List<JSONObject> shuffled() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    List<JSONObject> changes = new ArrayList<>(story());
    Collections.shuffle(changes, new Random(seed));
    return changes;
  }

  private static List<JSONArray> oneRequest(List<JSONObject> changes) {
    return List.of(new JSONArray(changes));
  }

  private static List<JSONArray> eachAlone(List<JSONObject> changes) {
    return changes.stream().map(change -> Warehouse.rows(change)).toList();
  }

  private static JsonStreamWriter writer() throws Exception {
    return warehouse.writer(Warehouse.parent("story"), warehouse.schema(Warehouse.parent("story"), "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"));
  }

  private static void send(List<JSONArray> requests) throws Exception {
    try (JsonStreamWriter writer = writer()) {
      List<ApiFuture<AppendRowsResponse>> futures = new ArrayList<>();
      for (JSONArray rows : requests) futures.add(writer.append(rows));
      for (ApiFuture<AppendRowsResponse> future : futures) {
        assertFalse(Warehouse.answer(future).getAppendResult().hasOffset(), "the default stream tells no offsets");
      }
    }
  }

  static List<List<String>> rows() throws Exception {
    return warehouse.query("SELECT id, name FROM " + TABLE + " ORDER BY id");
  }

  @Test
  void oneRequest() throws Exception {
    send(oneRequest(story()));
    assertEquals(STORY_END, rows());
  }

  @Test
  void oneRequestReversed() throws Exception {
    send(oneRequest(reversed()));
    assertEquals(STORY_END, rows());
  }

  @Test
  void oneRequestShuffled() throws Exception {
    send(oneRequest(shuffled()));
    assertEquals(STORY_END, rows());
  }

  @Test
  void fourRequests() throws Exception {
    send(eachAlone(story()));
    assertEquals(STORY_END, rows());
  }

  @Test
  void fourRequestsShuffledAndRepeated() throws Exception {
    List<JSONObject> changes = new ArrayList<>(shuffled());
    changes.addAll(reversed());
    send(eachAlone(changes));
    assertEquals(STORY_END, rows());
  }

  /** The steps of Google's sample JsonWriterStreamCdc: its own list of columns, `_change_type` in small letters, a table that may lag first. */
  @Test
  void stepsOfTheSample() throws Exception {
    String table = Warehouse.DATASET + ".customers";
    warehouse.query("CREATE TABLE `" + table + "` (Customer_ID INT64 PRIMARY KEY NOT ENFORCED, Customer_Enrollment_Date DATE,"
            + " Customer_Name STRING, Customer_Tier STRING, Active_Subscriptions JSON) OPTIONS (max_staleness = INTERVAL 15 MINUTE)");
    TableSchema.Builder schema = TableSchema.newBuilder();
    Map.of(
            "Customer_ID", TableFieldSchema.Type.INT64,
            "Customer_Enrollment_Date", TableFieldSchema.Type.DATE,
            "Customer_Name", TableFieldSchema.Type.STRING,
            "Customer_Tier", TableFieldSchema.Type.STRING,
            "Active_Subscriptions", TableFieldSchema.Type.JSON,
            "_change_type", TableFieldSchema.Type.STRING)
        .forEach((name, type) -> schema.addFields(
            TableFieldSchema.newBuilder().setName(name).setType(type).setMode(TableFieldSchema.Mode.NULLABLE)));
    JSONObject ada = Warehouse.row("Customer_ID", 1, "Customer_Enrollment_Date", "2023-01-05", "Customer_Name", "Ada",
        "Customer_Tier", "Gold", "Active_Subscriptions", "{\"news\":true}", "_change_type", "UPSERT");
    JSONObject bob = Warehouse.row("Customer_ID", 2, "Customer_Enrollment_Date", "2023-02-06", "Customer_Name", "Bob",
        "Customer_Tier", "Silver", "_change_type", "UPSERT");
    try (JsonStreamWriter writer = warehouse.writer(Warehouse.parent("customers"), schema.build())) {
      Warehouse.answer(writer.append(Warehouse.rows(ada, bob)));
    }
    warehouse.query("ALTER TABLE `" + table + "` SET OPTIONS (max_staleness = INTERVAL 0 MINUTE)");
    try (JsonStreamWriter writer = warehouse.writer(Warehouse.parent("customers"), schema.build())) {
      Warehouse.answer(writer.append(Warehouse.rows(
          new JSONObject(ada.toString()).put("Customer_Tier", "Platinum"),
          Warehouse.row("Customer_ID", 2, "_change_type", "DELETE"))));
    }
    assertEquals(
        List.of(List.of("1", "2023-01-05", "Ada", "Platinum", "{\"news\":true}")),
        warehouse.query("SELECT * FROM `" + table + "` ORDER BY Customer_ID"));
  }

  /** Two tables through the pool of shared connections: each request names its table, each change of table its columns. */
  @Test
  void connectionPool() throws Exception {
    warehouse.query("CREATE TABLE " + Warehouse.DATASET + ".other (code STRING, n INT64, PRIMARY KEY (code) NOT ENFORCED)");
    try (JsonStreamWriter one = JsonStreamWriter.newBuilder(Warehouse.parent("story") + "/streams/_default",
                    warehouse.schema(Warehouse.parent("story"), "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"), warehouse.storage)
                .setEnableConnectionPool(true).build();
        JsonStreamWriter two = JsonStreamWriter.newBuilder(Warehouse.parent("other") + "/streams/_default",
                    warehouse.schema(Warehouse.parent("other"), "_CHANGE_TYPE"), warehouse.storage)
                .setEnableConnectionPool(true).build()) {
      for (int i = 0; i < 4; ++i) {
        Warehouse.answer(one.append(Warehouse.rows(story().get(i))));
        Warehouse.answer(two.append(Warehouse.rows(Warehouse.row("code", "a", "n", i, "_CHANGE_TYPE", "UPSERT"))));
      }
    }
    assertEquals(STORY_END, rows());
    assertEquals(List.of(List.of("a", "3")), warehouse.query("SELECT code, n FROM " + Warehouse.DATASET + ".other"));
  }

  @Test
  void tableAsTheLibrarySeesIt() throws Exception {
    send(oneRequest(story()));
    Table table = warehouse.bigquery.getTable(TableId.of(Warehouse.DATASET, "story"));
    StandardTableDefinition definition = table.getDefinition();
    Field id = definition.getSchema().getFields().get(0);
    Field name = definition.getSchema().getFields().get(1);
    assertEquals(List.of("id", StandardSQLTypeName.INT64, Field.Mode.REQUIRED), List.of(id.getName(), id.getType().getStandardType(), id.getMode()));
    assertEquals(List.of("name", StandardSQLTypeName.STRING, 20L), List.of(name.getName(), name.getType().getStandardType(), name.getMaxLength()));
    assertEquals(List.of("id"), table.getTableConstraints().getPrimaryKey().getColumns());
    assertEquals(2, table.getNumRows().intValue());
    List<List<String>> listed = new ArrayList<>(Warehouse.texts(table.list()));
    listed.sort((a, b) -> a.get(0).compareTo(b.get(0)));
    assertEquals(STORY_END, listed);
  }

  /** The service names the bad rows; nothing of the request is kept, and the connection goes on. */
  @Test
  void rowErrors() throws Exception {
    try (JsonStreamWriter writer = writer()) {
      Exceptions.AppendSerializationError error = Warehouse.refused(Exceptions.AppendSerializationError.class, writer.append(Warehouse.rows(
          change(1, "Alice", "UPSERT", 1), change(2, "longer than twenty letters", "UPSERT", 2), change(3, "Carol", "UPSERT", 3))));
      assertEquals(Status.Code.INVALID_ARGUMENT, error.getStatus().getCode());
      assertEquals(
          Map.of(1, "Field name: STRING(20) has maximum length 20 but got a value with length 26 on field name."),
          error.getRowIndexToErrorMessage());
      assertEquals(List.of(), rows());
      for (JSONArray rows : eachAlone(story())) Warehouse.answer(writer.append(rows));
    }
    assertEquals(STORY_END, rows());
  }

  /** What the writer finds itself, before anything is sent. */
  @Test
  void rowsThatTheWriterRefuses() throws Exception {
    try (JsonStreamWriter writer = writer()) {
      Exceptions.AppendSerializationError error = assertThrows(Exceptions.AppendSerializationError.class, () -> writer.append(Warehouse.rows(
          change(1, "Alice", "UPSERT", 1), Warehouse.row("id", 2, "unknown", 1), Warehouse.row("name", "no id"))));
      assertEquals(
          Map.of(1, "The source object has fields unknown to BigQuery: root.unknown.",
              2, "JSONObject does not have the required field root.id."),
          error.getRowIndexToErrorMessage());
    }
    assertEquals(List.of(), rows());
  }

  @Test
  void refusedChanges() throws Exception {
    try (JsonStreamWriter writer = writer()) {
      assertEquals(Status.Code.INVALID_ARGUMENT, Warehouse.refused(StatusRuntimeException.class,
          writer.append(Warehouse.rows(change(1, "Alice", "MERGE", 1)))).getStatus().getCode());
    }
    TableSchema wider = warehouse.schema(Warehouse.parent("story"), "_CHANGE_TYPE", "not_there");
    try (JsonStreamWriter writer = warehouse.writer(Warehouse.parent("story"), wider)) {
      Warehouse.refused(Exceptions.SchemaMismatchedException.class, writer.append(Warehouse.rows(
          Warehouse.row("id", 1, "_CHANGE_TYPE", "UPSERT", "not_there", "x"))));
    }
    assertEquals(List.of(), rows());
  }

  @Test
  void errorsOfRest() throws Exception {
    assertNull(warehouse.bigquery.getTable(TableId.of(Warehouse.DATASET, "missing")));
    expect(404, "notFound", () -> warehouse.query("SELECT * FROM " + Warehouse.DATASET + ".missing"));
    expect(400, "invalidQuery", () -> warehouse.query("SELEKT 1"));
    expect(409, "duplicate", () -> warehouse.bigquery.create(DatasetInfo.of(Warehouse.DATASET)));
  }

  private static void expect(int code, String reason, Executable call) {
    BigQueryException error = assertThrows(BigQueryException.class, call);
    assertEquals(code, error.getCode(), error.getMessage());
    assertEquals(reason, error.getError().getReason());
  }

  @Test
  void parametersAndPages() throws Exception {
    List<JSONObject> changes = new ArrayList<>();
    List<List<String>> expected = new ArrayList<>();
    for (int i = 1; i <= 250; ++i) {
      changes.add(change(i, "n" + i, "UPSERT", i));
      if (i > 10) expected.add(List.of(String.valueOf(i)));
    }
    send(oneRequest(changes));
    assertEquals(expected, Warehouse.texts(warehouse.bigquery.query(
        QueryJobConfiguration.newBuilder("SELECT id FROM " + TABLE + " WHERE id > @least ORDER BY id")
            .addNamedParameter("least", QueryParameterValue.int64(10L))
            .setMaxResults(100L)
            .build())));
  }
}
