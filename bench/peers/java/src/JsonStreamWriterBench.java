import com.google.api.core.ApiFuture;
import com.google.api.core.ApiFutureCallback;
import com.google.api.core.ApiFutures;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.cloud.bigquery.storage.v1.AppendRowsResponse;
import com.google.cloud.bigquery.storage.v1.BigQueryWriteClient;
import com.google.cloud.bigquery.storage.v1.BigQueryWriteSettings;
import com.google.cloud.bigquery.storage.v1.GetWriteStreamRequest;
import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.TableFieldSchema;
import com.google.cloud.bigquery.storage.v1.TableSchema;
import com.google.cloud.bigquery.storage.v1.WriteStreamView;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import io.grpc.ManagedChannelBuilder;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * Streams a file of JSON lines by the official JsonStreamWriter over its multiplexing connection pool. The arguments and the line
 * that it prints are those of every writer here: bench/peers/README.md. --json org|gson chooses the JSON library, since
 * the writer takes both.
 */
public final class JsonStreamWriterBench {
  private final Semaphore window;
  private final double[] latenciesMs = new double[1 << 20];
  private int latencies;
  private long acknowledged;
  private Throwable failure;

  private JsonStreamWriterBench(int inFlight) {
    window = new Semaphore(inFlight);
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> flags = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) flags.put(args[i], args[i + 1]);
    int inFlight = Integer.parseInt(flags.get("--in-flight"));
    new JsonStreamWriterBench(inFlight).run(flags, inFlight);
    System.exit(0); // the pool's threads would keep the process for a while
  }

  private void run(Map<String, String> flags, int inFlight) throws Exception {
    String table = flags.get("--table");
    String stream = table + "/streams/_default";
    boolean gson = flags.getOrDefault("--json", "org").equals("gson");
    int batchRows = Integer.parseInt(flags.get("--batch-rows"));
    long rows = Long.parseLong(flags.get("--rows"));
    long start = System.nanoTime();
    BigQueryWriteClient client =
        BigQueryWriteClient.create(
            BigQueryWriteSettings.newBuilder()
                .setCredentialsProvider(NoCredentialsProvider.create())
                .setTransportChannelProvider(
                    BigQueryWriteSettings.defaultGrpcTransportProviderBuilder()
                        .setEndpoint(flags.get("--storage"))
                        .setChannelConfigurator(ManagedChannelBuilder::usePlaintext)
                        .build())
                .build());
    // A change needs a column that the table does not have, as in Google's JsonStreamWriterCdc sample.
    TableSchema schema =
        client
            .getWriteStream(GetWriteStreamRequest.newBuilder().setName(stream).setView(WriteStreamView.FULL).build())
            .getTableSchema()
            .toBuilder()
            .addFields(
                TableFieldSchema.newBuilder()
                    .setName("_CHANGE_TYPE")
                    .setType(TableFieldSchema.Type.STRING)
                    .setMode(TableFieldSchema.Mode.NULLABLE))
            .build();
    long half = 0, halfWall = 0, halfCpu = 0, sent = 0;
    try (JsonStreamWriter writer =
            JsonStreamWriter.newBuilder(stream, schema, client).setEnableConnectionPool(true).build();
        BufferedReader reader = Files.newBufferedReader(Path.of(flags.get("--file")), StandardCharsets.UTF_8)) {
      for (boolean more = true; more; ) {
        ApiFuture<AppendRowsResponse> future;
        int count = 0;
        if (gson) {
          JsonArray batch = new JsonArray(batchRows);
          for (String line; count < batchRows && (line = reader.readLine()) != null; ++count) {
            batch.add(JsonParser.parseString(line));
          }
          more = count == batchRows;
          if (count == 0) break;
          window.acquire();
          future = writer.append(batch);
        } else {
          JSONArray batch = new JSONArray(batchRows);
          for (String line; count < batchRows && (line = reader.readLine()) != null; ++count) {
            batch.put(new JSONObject(line));
          }
          more = count == batchRows;
          if (count == 0) break;
          window.acquire();
          future = writer.append(batch);
        }
        onceAcknowledged(future, count, System.nanoTime());
        sent += count;
        if (half == 0 && sent >= rows / 2) {
          half = sent;
          halfWall = System.nanoTime();
          halfCpu = cpuNanos();
        }
      }
      window.acquire(inFlight);
    }
    long end = System.nanoTime();
    if (failure != null) throw new IllegalStateException("an append failed", failure);
    report(gson, start, end, sent - half, halfWall, halfCpu);
  }

  private void onceAcknowledged(ApiFuture<AppendRowsResponse> future, int count, long appended) {
    ApiFutures.addCallback(
        future,
        new ApiFutureCallback<AppendRowsResponse>() {
          @Override
          public void onSuccess(AppendRowsResponse response) {
            double ms = (System.nanoTime() - appended) / 1e6;
            synchronized (JsonStreamWriterBench.this) {
              acknowledged += count;
              latenciesMs[latencies++] = ms;
            }
            window.release();
          }

          @Override
          public void onFailure(Throwable error) {
            synchronized (JsonStreamWriterBench.this) {
              failure = error;
            }
            window.release();
          }
        },
        MoreExecutors.directExecutor());
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private void report(boolean gson, long start, long end, long warmRows, long halfWall, long halfCpu) throws Exception {
    long cpu = cpuNanos();
    Arrays.sort(latenciesMs, 0, latencies);
    long rssKib = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) rssKib = Long.parseLong(line.replaceAll("[^0-9]", ""));
    }
    String version = JsonStreamWriter.class.getPackage().getImplementationVersion();
    System.out.printf(
        Locale.ROOT,
        "{\"writer\":\"java-%s\",\"library\":\"google-cloud-bigquerystorage %s, Java %s\",\"rows\":%d,\"wall_seconds\":%.3f,"
            + "\"cpu_seconds\":%.3f,\"peak_rss_bytes\":%d,\"ack_p50_ms\":%.3f,\"ack_p99_ms\":%.3f,"
            + "\"warm\":{\"rows\":%d,\"wall_seconds\":%.3f,\"cpu_seconds\":%.3f}}%n",
        gson ? "gson" : "org-json",
        version == null ? "3.21.0" : version,
        Runtime.version().feature(),
        acknowledged,
        (end - start) / 1e9,
        cpu / 1e9,
        rssKib * 1024,
        latenciesMs[latencies / 2],
        latenciesMs[(int) (latencies * 0.99)],
        warmRows,
        (end - halfWall) / 1e9,
        (cpu - halfCpu) / 1e9);
  }
}
