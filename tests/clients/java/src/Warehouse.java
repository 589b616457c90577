import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.api.core.ApiFuture;
import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.bigquery.BigQuery;
import com.google.cloud.bigquery.BigQueryException;
import com.google.cloud.bigquery.BigQueryOptions;
import com.google.cloud.bigquery.DatasetInfo;
import com.google.cloud.bigquery.FieldValueList;
import com.google.cloud.bigquery.QueryJobConfiguration;
import com.google.cloud.bigquery.TableResult;
import com.google.cloud.bigquery.storage.v1.AppendRowsResponse;
import com.google.cloud.bigquery.storage.v1.BigQueryWriteClient;
import com.google.cloud.bigquery.storage.v1.BigQueryWriteSettings;
import com.google.cloud.bigquery.storage.v1.CreateWriteStreamRequest;
import com.google.cloud.bigquery.storage.v1.GetWriteStreamRequest;
import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.TableFieldSchema;
import com.google.cloud.bigquery.storage.v1.TableName;
import com.google.cloud.bigquery.storage.v1.TableSchema;
import com.google.cloud.bigquery.storage.v1.WriteStream;
import com.google.cloud.bigquery.storage.v1.WriteStreamView;
import io.grpc.ManagedChannelBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;

/** Google's own Java clients of REST and of the Storage Write API, unmodified, at the server of the test. */
final class Warehouse implements AutoCloseable {
  static final String DATASET = "java_dataset";
  static final String PROJECT = System.getenv("BQCDC_TEST_PROJECT");
  private static final long ANSWER_SECONDS_MAX = 60;

  final BigQuery bigquery;
  final BigQueryWriteClient storage;

  /** As who the test is, at a server with TLS; as nobody without. */
  Warehouse() throws Exception {
    this(System.getenv("BQCDC_TEST_TOKEN"));
    try {
      bigquery.create(DatasetInfo.of(DATASET));
    } catch (BigQueryException error) {
      if (!"duplicate".equals(error.getReason())) throw error;
    }
  }

  /** With that bearer token; null for none. */
  Warehouse(String token) throws Exception {
    GoogleCredentials bearer = token == null ? null : GoogleCredentials.create(new AccessToken(token, null));
    String rest = System.getenv("BQCDC_TEST_REST");
    bigquery =
        BigQueryOptions.newBuilder()
            .setProjectId(PROJECT)
            .setHost(rest)
            .setCredentials(bearer == null ? NoCredentials.getInstance() : bearer)
            .build()
            .getService();
    InstantiatingGrpcChannelProvider.Builder channels =
        BigQueryWriteSettings.defaultGrpcTransportProviderBuilder().setEndpoint(System.getenv("BQCDC_TEST_STORAGE"));
    if (rest.startsWith("http:")) channels.setChannelConfigurator(ManagedChannelBuilder::usePlaintext);
    storage =
        BigQueryWriteClient.create(
            BigQueryWriteSettings.newBuilder()
                .setCredentialsProvider(bearer == null ? NoCredentialsProvider.create() : FixedCredentialsProvider.create(bearer))
                .setTransportChannelProvider(channels.build())
                .build());
  }

  @Override
  public void close() {
    storage.close();
  }

  /** Rows of text; null for NULL. */
  List<List<String>> query(String sql) throws InterruptedException {
    return texts(bigquery.query(QueryJobConfiguration.of(sql)));
  }

  static List<List<String>> texts(TableResult result) {
    List<List<String>> rows = new ArrayList<>();
    for (FieldValueList values : result.iterateAll()) {
      List<String> row = new ArrayList<>();
      values.forEach(value -> row.add(value.isNull() ? null : value.getStringValue()));
      rows.add(row);
    }
    return rows;
  }

  static TableName parent(String table) {
    return TableName.of(PROJECT, DATASET, table);
  }

  /** The table's columns as the service tells them, and pseudocolumns that the table does not have. */
  TableSchema schema(TableName table, String... pseudocolumns) {
    TableSchema.Builder schema =
        storage
            .getWriteStream(
                GetWriteStreamRequest.newBuilder()
                    .setName(table + "/streams/_default")
                    .setView(WriteStreamView.FULL)
                    .build())
            .getTableSchema()
            .toBuilder();
    for (String name : pseudocolumns) {
      schema.addFields(
          TableFieldSchema.newBuilder()
              .setName(name)
              .setType(TableFieldSchema.Type.STRING)
              .setMode(TableFieldSchema.Mode.NULLABLE));
    }
    return schema.build();
  }

  WriteStream create(String table, WriteStream.Type type) {
    return storage.createWriteStream(
        CreateWriteStreamRequest.newBuilder()
            .setParent(parent(table).toString())
            .setWriteStream(WriteStream.newBuilder().setType(type))
            .build());
  }

  /** A writer of the default stream that knows these columns. */
  JsonStreamWriter writer(TableName table, TableSchema schema) throws Exception {
    return JsonStreamWriter.newBuilder(table.toString(), schema, storage).build();
  }

  static JSONArray rows(JSONObject... rows) {
    return new JSONArray(List.of(rows));
  }

  static JSONObject row(Object... namesAndValues) {
    JSONObject row = new JSONObject();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      row.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return row;
  }

  static AppendRowsResponse answer(ApiFuture<AppendRowsResponse> future) throws Exception {
    AppendRowsResponse response = future.get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
    assertFalse(response.hasError(), () -> response.getError().toString());
    return response;
  }

  static void accepted(ApiFuture<AppendRowsResponse> future, long offset) throws Exception {
    AppendRowsResponse response = answer(future);
    assertEquals(offset, response.getAppendResult().getOffset().getValue());
  }

  static <T extends Throwable> T refused(Class<T> type, ApiFuture<AppendRowsResponse> future) {
    ExecutionException error =
        assertThrows(ExecutionException.class, () -> future.get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS));
    return assertInstanceOf(type, error.getCause());
  }
}
