import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.bigquery.FieldValueList;
import com.google.cloud.bigquery.QueryJobConfiguration;
import com.google.cloud.bigquery.storage.v1.AppendRowsResponse;
import com.google.cloud.bigquery.storage.v1.BatchCommitWriteStreamsRequest;
import com.google.cloud.bigquery.storage.v1.BatchCommitWriteStreamsResponse;
import com.google.cloud.bigquery.storage.v1.Exceptions;
import com.google.cloud.bigquery.storage.v1.FlushRowsRequest;
import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.StorageError;
import com.google.cloud.bigquery.storage.v1.TableFieldSchema;
import com.google.cloud.bigquery.storage.v1.WriteStream;
import com.google.protobuf.ByteString;
import com.google.protobuf.Int64Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Created streams through JsonStreamWriter: exact offsets, atomic commit, flush; a column that comes while the writer is open; every type. */
final class WriteStreamsTest extends WarehouseTest {
  private static final String TABLE = Warehouse.DATASET + ".rows";

  @BeforeEach
  void createTable() throws Exception {
    warehouse.query("CREATE OR REPLACE TABLE " + TABLE + " (id INT64 NOT NULL)");
  }

  private static JsonStreamWriter writer(WriteStream stream) throws Exception {
    return JsonStreamWriter.newBuilder(stream.getName(), warehouse.storage).build();
  }

  private static JSONArray ids(int... ids) {
    JSONArray rows = new JSONArray();
    for (int id : ids) rows.put(Warehouse.row("id", id));
    return rows;
  }

  private static void expectIds(int... ids) throws Exception {
    List<List<String>> expected = new ArrayList<>();
    for (int id : ids) expected.add(List.of(String.valueOf(id)));
    assertEquals(expected, warehouse.query("SELECT id FROM " + TABLE + " ORDER BY id"));
  }

  @Test
  void defaultStream() throws Exception {
    try (JsonStreamWriter writer = JsonStreamWriter.newBuilder(Warehouse.parent("rows").toString(), warehouse.storage).build()) {
      Warehouse.answer(writer.append(ids(1, 2)));
      Warehouse.answer(writer.append(ids(3)));
    }
    expectIds(1, 2, 3);
  }

  @Test
  void committed() throws Exception {
    WriteStream stream = warehouse.create("rows", WriteStream.Type.COMMITTED);
    try (JsonStreamWriter writer = writer(stream)) {
      Warehouse.accepted(writer.append(ids(1, 2), 0), 0);
      Warehouse.accepted(writer.append(ids(3), 2), 2);
      Exceptions.OffsetAlreadyExists again = Warehouse.refused(Exceptions.OffsetAlreadyExists.class, writer.append(ids(3), 2));
      assertEquals(List.of(3L, 2L), List.of(again.getExpectedOffset(), again.getActualOffset()));
      assertEquals(stream.getName(), again.getStreamName());
      Exceptions.OffsetOutOfRange gap = Warehouse.refused(Exceptions.OffsetOutOfRange.class, writer.append(ids(9), 100));
      assertEquals(List.of(3L, 100L), List.of(gap.getExpectedOffset(), gap.getActualOffset()));
      Warehouse.accepted(writer.append(ids(4), 3), 3);
      expectIds(1, 2, 3, 4);
      assertEquals(4, warehouse.storage.finalizeWriteStream(stream.getName()).getRowCount());
      Warehouse.refused(Exceptions.StreamFinalizedException.class, writer.append(ids(5), 4));
    }
    expectIds(1, 2, 3, 4);
  }

  private static BatchCommitWriteStreamsResponse commit(WriteStream... streams) {
    BatchCommitWriteStreamsRequest.Builder request =
        BatchCommitWriteStreamsRequest.newBuilder().setParent(Warehouse.parent("rows").toString());
    for (WriteStream stream : streams) request.addWriteStreams(stream.getName());
    return warehouse.storage.batchCommitWriteStreams(request.build());
  }

  @Test
  void pending() throws Exception {
    WriteStream first = warehouse.create("rows", WriteStream.Type.PENDING);
    WriteStream second = warehouse.create("rows", WriteStream.Type.PENDING);
    try (JsonStreamWriter one = writer(first);
        JsonStreamWriter two = writer(second)) {
      Warehouse.accepted(one.append(ids(1, 2), 0), 0);
      Warehouse.accepted(two.append(ids(4), 0), 0);
      Warehouse.accepted(one.append(ids(3), 2), 2);
    }
    expectIds();
    assertEquals(3, warehouse.storage.finalizeWriteStream(first.getName()).getRowCount());
    BatchCommitWriteStreamsResponse early = commit(first, second);
    assertFalse(early.hasCommitTime());
    assertEquals(1, early.getStreamErrorsCount());
    assertEquals(StorageError.StorageErrorCode.INVALID_STREAM_STATE, early.getStreamErrors(0).getCode());
    assertEquals(second.getName(), early.getStreamErrors(0).getEntity());
    expectIds();
    assertEquals(1, warehouse.storage.finalizeWriteStream(second.getName()).getRowCount());
    BatchCommitWriteStreamsResponse answer = commit(first, second);
    assertEquals(0, answer.getStreamErrorsCount());
    assertTrue(answer.hasCommitTime());
    expectIds(1, 2, 3, 4);
  }

  @Test
  void buffered() throws Exception {
    WriteStream stream = warehouse.create("rows", WriteStream.Type.BUFFERED);
    try (JsonStreamWriter writer = writer(stream)) {
      Warehouse.accepted(writer.append(ids(1, 2, 3), 0), 0);
    }
    expectIds();
    FlushRowsRequest flush = FlushRowsRequest.newBuilder().setWriteStream(stream.getName()).setOffset(Int64Value.of(1)).build();
    assertEquals(1, warehouse.storage.flushRows(flush).getOffset());
    expectIds(1, 2);
  }

  /** The writer takes up a new column from `updated_schema` by itself, without being closed. */
  @Test
  @Timeout(60)
  void addedColumn() throws Exception {
    List<List<String>> expected = new ArrayList<>();
    WriteStream stream = warehouse.create("rows", WriteStream.Type.COMMITTED);
    try (JsonStreamWriter writer = writer(stream)) {
      Warehouse.accepted(writer.append(ids(0), 0), 0);
      expected.add(Arrays.asList("0", null));
      warehouse.query("ALTER TABLE " + TABLE + " ADD COLUMN note STRING");
      AppendRowsResponse response;
      do {
        int id = expected.size();
        response = Warehouse.answer(writer.append(ids(id), id));
        expected.add(Arrays.asList(String.valueOf(id), null));
      } while (!response.hasUpdatedSchema());
      assertEquals(List.of("id", "note"),
          response.getUpdatedSchema().getFieldsList().stream().map(TableFieldSchema::getName).toList());
      // The writer looks at the new columns at the append after the answer that brought them.
      int id = expected.size();
      Warehouse.accepted(writer.append(Warehouse.rows(Warehouse.row("id", id, "note", "new")), id), id);
      expected.add(List.of(String.valueOf(id), "new"));
    }
    assertEquals(expected, warehouse.query("SELECT id, note FROM " + TABLE + " ORDER BY id"));
  }

  @Test
  void everyType() throws Exception {
    warehouse.query("CREATE OR REPLACE TABLE " + TABLE + " (id INT64 NOT NULL, text STRING, bytes BYTES, ratio FLOAT64, yes BOOL, price NUMERIC,"
        + " large BIGNUMERIC, instant TIMESTAMP, day DATE, clock TIME, wall DATETIME, json JSON, tags ARRAY<STRING>,"
        + " place STRUCT<city STRING, zip INT64>)");
    try (JsonStreamWriter writer = JsonStreamWriter.newBuilder(Warehouse.parent("rows").toString(), warehouse.storage).build()) {
      JSONObject full = Warehouse.row("id", 1, "text", "größer 東京", "bytes", ByteString.copyFrom(new byte[] {0, -1}), "ratio", 0.5,
          "yes", true, "price", "-12.5", "large", "0.00000000000000000000000000000000000001", "instant", "2026-07-09T13:14:15.123456+00:00",
          "day", "2026-07-09", "clock", "13:14:15.123456", "wall", "2026-07-09T13:14:15.123456", "json", "{\"a\":[1,null]}",
          "tags", new JSONArray(List.of("x", "y")), "place", Warehouse.row("city", "Bern", "zip", 3000));
      Warehouse.answer(writer.append(Warehouse.rows(full, Warehouse.row("id", 2))));
    }
    List<FieldValueList> rows = new ArrayList<>();
    warehouse.bigquery.query(QueryJobConfiguration.of("SELECT * FROM " + TABLE + " ORDER BY id")).iterateAll().forEach(rows::add);
    assertEquals(2, rows.size());
    FieldValueList full = rows.get(0);
    assertEquals(1, full.get("id").getLongValue());
    assertEquals("größer 東京", full.get("text").getStringValue());
    assertEquals(ByteString.copyFrom(new byte[] {0, -1}), ByteString.copyFrom(full.get("bytes").getBytesValue()));
    assertEquals(0.5, full.get("ratio").getDoubleValue());
    assertTrue(full.get("yes").getBooleanValue());
    assertEquals("-12.5", full.get("price").getStringValue());
    assertEquals("0.00000000000000000000000000000000000001", full.get("large").getStringValue());
    assertEquals(Instant.parse("2026-07-09T13:14:15.123456Z"), full.get("instant").getTimestampInstant());
    assertEquals("2026-07-09", full.get("day").getStringValue());
    assertEquals("13:14:15.123456", full.get("clock").getStringValue());
    assertEquals("2026-07-09T13:14:15.123456", full.get("wall").getStringValue());
    assertEquals("{\"a\":[1,null]}", full.get("json").getStringValue());
    assertEquals(List.of("x", "y"), full.get("tags").getRepeatedValue().stream().map(tag -> tag.getStringValue()).toList());
    assertEquals("Bern", full.get("place").getRecordValue().get("city").getStringValue());
    assertEquals(3000, full.get("place").getRecordValue().get("zip").getLongValue());
    FieldValueList empty = rows.get(1);
    for (String column : List.of("text", "bytes", "ratio", "yes", "price", "large", "instant", "day", "clock", "wall", "json", "place")) {
      assertTrue(empty.get(column).isNull(), column);
    }
    assertEquals(List.of(), empty.get("tags").getRepeatedValue());
  }
}
