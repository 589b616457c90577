import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests of one warehouse: connected before the first of a class, closed after its last. Classes run one after the other. */
abstract class WarehouseTest {
  static Warehouse warehouse;

  @BeforeAll
  static void connect() throws Exception {
    warehouse = new Warehouse();
  }

  @AfterAll
  static void disconnect() {
    warehouse.close();
  }
}
