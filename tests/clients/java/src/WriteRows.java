import com.google.cloud.bigquery.storage.v1.JsonStreamWriter;
import com.google.cloud.bigquery.storage.v1.TableFieldSchema;
import com.google.cloud.bigquery.storage.v1.TableName;
import com.google.cloud.bigquery.storage.v1.TableSchema;
import com.google.protobuf.ByteString;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.json.JSONArray;
import org.json.JSONObject;

/** Sends JSON lines through Google's JsonStreamWriter, each value in the form that it documents: WriteRows DATASET.TABLE FILE. */
final class WriteRows {
  public static void main(String[] arguments) throws Exception {
    String[] name = arguments[0].split("\\.");
    TableName table = TableName.of(Warehouse.PROJECT, name[0], name[1]);
    try (Warehouse warehouse = new Warehouse()) {
      TableSchema schema = warehouse.schema(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER");
      JSONArray rows = new JSONArray();
      for (String line : Files.readAllLines(Path.of(arguments[1]))) {
        JSONObject row = new JSONObject(line);
        for (TableFieldSchema field : schema.getFieldsList()) {
          // The only form that is another one than in a line of JSON.
          if (field.getType() == TableFieldSchema.Type.BYTES && row.has(field.getName())) {
            row.put(field.getName(), ByteString.copyFrom(Base64.getDecoder().decode(row.getString(field.getName()))));
          }
        }
        rows.put(row);
      }
      try (JsonStreamWriter writer = warehouse.writer(table, schema)) {
        Warehouse.answer(writer.append(rows));
      }
    }
  }
}
