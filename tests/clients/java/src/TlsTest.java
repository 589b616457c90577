import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.api.gax.rpc.UnauthenticatedException;
import com.google.cloud.bigquery.BigQueryException;
import com.google.cloud.bigquery.TableId;
import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.TableSchema;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The same story by TLS and with a bearer token, as against the service; the libraries trust what the JVM's trust store holds. */
final class TlsTest extends CdcStoryTest {
  @Test
  void anotherTokenIsRefused() throws Exception {
    refuses("another-token");
  }

  @Test
  void noTokenIsRefused() throws Exception {
    refuses(null);
  }

  private void refuses(String token) throws Exception {
    TableSchema schema = warehouse.schema(Warehouse.parent("story"), "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER");
    try (Warehouse stranger = new Warehouse(token)) {
      BigQueryException error = assertThrows(BigQueryException.class, () -> stranger.bigquery.getTable(TableId.of(Warehouse.DATASET, "story")));
      assertEquals(401, error.getCode(), error.getMessage());
      assertThrows(UnauthenticatedException.class, () -> stranger.schema(Warehouse.parent("story")));
      try (JsonStreamWriter writer = stranger.writer(Warehouse.parent("story"), schema)) {
        Warehouse.refused(UnauthenticatedException.class, writer.append(Warehouse.rows(change(1, "Alice", "UPSERT", 1))));
      }
    }
    assertEquals(List.of(), rows());
  }
}
