package clients

import (
	"math/big"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"cloud.google.com/go/civil"
	"google.golang.org/grpc/codes"
)

var idSchema = bigquery.Schema{{Name: "id", Type: bigquery.IntegerFieldType, Required: true}}

func ids(numbers ...int) []row {
	var rows []row
	for _, id := range numbers {
		rows = append(rows, row{"id": id})
	}
	return rows
}

func (w *warehouse) expectIDs(table *bigquery.Table, want ...int64) {
	w.Helper()
	wanted := [][]bigquery.Value{}
	for _, id := range want {
		wanted = append(wanted, []bigquery.Value{id})
	}
	w.expect("query", w.query("SELECT id FROM "+quoted(table)+" ORDER BY id"), wanted)
	w.expect("list", w.list(table), wanted)
}

func TestDefaultStream(t *testing.T) {
	w := connect(t)
	table := w.create(idSchema)
	rows := w.format(table)
	rows.send(rows.open(table, managedwriter.DefaultStream), [][]row{ids(1, 2), ids(3)})
	w.expectIDs(table, 1, 2, 3)
}

func TestCommittedStream(t *testing.T) {
	w := connect(t)
	table := w.create(idSchema)
	rows := w.format(table)
	stream := rows.open(table, managedwriter.CommittedStream)
	rows.refused(stream, codes.OutOfRange, storagepb.StorageError_OFFSET_OUT_OF_RANGE, rows.encode(ids(9)...), managedwriter.WithOffset(99))
	rows.send(stream, [][]row{ids(1, 2), ids(3)}, 0, 2)
	w.expectIDs(table, 1, 2, 3)
	rows.refused(stream, codes.AlreadyExists, storagepb.StorageError_OFFSET_ALREADY_EXISTS, rows.encode(ids(3)...), managedwriter.WithOffset(2))
	rows.send(stream, [][]row{ids(4)}, 3)
	total, err := stream.Finalize(w.ctx)
	if err != nil || total != 4 {
		t.Errorf("Finalize: %d, %v; want 4", total, err)
	}
	rows.refused(stream, codes.InvalidArgument, storagepb.StorageError_STREAM_FINALIZED, rows.encode(ids(5)...))
	w.expectIDs(table, 1, 2, 3, 4)
}

func TestPendingStreams(t *testing.T) {
	w := connect(t)
	table := w.create(idSchema)
	rows := w.format(table)
	first, second := rows.open(table, managedwriter.PendingStream), rows.open(table, managedwriter.PendingStream)
	rows.send(first, [][]row{ids(1, 2), ids(3)}, 0, 2)
	rows.send(second, [][]row{ids(4)}, 0)
	w.expectIDs(table)
	commit := func() *storagepb.BatchCommitWriteStreamsResponse {
		t.Helper()
		answer, err := w.storage.BatchCommitWriteStreams(w.ctx, &storagepb.BatchCommitWriteStreamsRequest{
			Parent: parent(table), WriteStreams: []string{first.StreamName(), second.StreamName()}})
		if err != nil {
			t.Fatalf("BatchCommitWriteStreams: %v", err)
		}
		return answer
	}
	finalize := func(stream *managedwriter.ManagedStream, want int64) {
		t.Helper()
		if total, err := stream.Finalize(w.ctx); err != nil || total != want {
			t.Fatalf("Finalize: %d, %v; want %d", total, err, want)
		}
	}

	finalize(first, 3)
	answer := commit()
	if errs := answer.GetStreamErrors(); len(errs) != 1 || errs[0].GetCode() != storagepb.StorageError_INVALID_STREAM_STATE ||
		errs[0].GetEntity() != second.StreamName() || answer.GetCommitTime() != nil {
		t.Errorf("commit before the second is final: got %v", answer)
	}
	w.expectIDs(table)

	finalize(second, 1)
	if answer := commit(); len(answer.GetStreamErrors()) != 0 || answer.GetCommitTime() == nil {
		t.Errorf("commit: got %v", answer)
	}
	w.expectIDs(table, 1, 2, 3, 4)
	if errs := commit().GetStreamErrors(); len(errs) != 2 || errs[0].GetCode() != storagepb.StorageError_STREAM_ALREADY_COMMITTED {
		t.Errorf("second commit: got %v", errs)
	}
	w.expectIDs(table, 1, 2, 3, 4)
}

func TestBufferedStream(t *testing.T) {
	w := connect(t)
	table := w.create(idSchema)
	rows := w.format(table)
	stream := rows.open(table, managedwriter.BufferedStream)
	rows.send(stream, [][]row{ids(1, 2), ids(3, 4)}, 0, 2)
	w.expectIDs(table)
	flush := func(offset int64) {
		t.Helper()
		if got, err := stream.FlushRows(w.ctx, offset); err != nil || got != offset {
			t.Fatalf("FlushRows: %d, %v; want %d", got, err, offset)
		}
	}
	flush(0)
	w.expectIDs(table, 1)
	flush(2)
	w.expectIDs(table, 1, 2, 3)
	_, err := stream.FlushRows(w.ctx, 2)
	w.expectStorageError(err, codes.AlreadyExists, storagepb.StorageError_OFFSET_ALREADY_EXISTS)
	_, err = stream.FlushRows(w.ctx, 4)
	w.expectStorageError(err, codes.OutOfRange, storagepb.StorageError_OFFSET_OUT_OF_RANGE)
	flush(3)
	w.expectIDs(table, 1, 2, 3, 4)
}

// A column is added while the writer is open: the answers say so, and rows of the new descriptor follow on the same connection.
func TestSchemaEvolution(t *testing.T) {
	w := connect(t)
	table := w.create(idSchema)
	rows := w.format(table)
	stream := rows.open(table, managedwriter.CommittedStream)
	rows.send(stream, [][]row{ids(0)}, 0)
	w.run("ALTER TABLE " + quoted(table) + " ADD COLUMN note STRING")
	want := [][]bigquery.Value{{int64(0), nil}}
	var evolved *storagepb.TableSchema
	for evolved == nil {
		want = append(want, []bigquery.Value{int64(len(want)), nil})
		result, err := stream.AppendRows(w.ctx, rows.encode(row{"id": len(want) - 1}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := result.GetResult(w.ctx); err != nil {
			t.Fatal(err)
		}
		if evolved, err = result.UpdatedSchema(w.ctx); err != nil {
			t.Fatal(err)
		}
	}
	wider := w.formatOf(evolved)
	last := int64(len(want))
	result, err := stream.AppendRows(w.ctx, wider.encode(row{"id": last, "note": "new"}),
		managedwriter.UpdateSchemaDescriptor(wider.descriptor), managedwriter.WithOffset(last))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := result.GetResult(w.ctx); err != nil {
		t.Fatal(err)
	}
	want = append(want, []bigquery.Value{last, "new"})
	w.expect("query", w.query("SELECT id, note FROM "+quoted(table)+" ORDER BY id"), want)
}

func TestEveryType(t *testing.T) {
	w := connect(t)
	schema := bigquery.Schema{
		{Name: "id", Type: bigquery.IntegerFieldType, Required: true},
		{Name: "text", Type: bigquery.StringFieldType},
		{Name: "bytes", Type: bigquery.BytesFieldType},
		{Name: "ratio", Type: bigquery.FloatFieldType},
		{Name: "yes", Type: bigquery.BooleanFieldType},
		{Name: "price", Type: bigquery.NumericFieldType},
		{Name: "large", Type: bigquery.BigNumericFieldType},
		{Name: "at", Type: bigquery.TimestampFieldType},
		{Name: "day", Type: bigquery.DateFieldType},
		{Name: "clock", Type: bigquery.TimeFieldType},
		{Name: "wall", Type: bigquery.DateTimeFieldType},
		{Name: "json", Type: bigquery.JSONFieldType},
		{Name: "tags", Type: bigquery.StringFieldType, Repeated: true},
		{Name: "place", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{
			{Name: "city", Type: bigquery.StringFieldType}, {Name: "zip", Type: bigquery.IntegerFieldType}}},
	}
	table := w.create(schema)
	rows := w.format(table)
	// The packed civil time of the wire: year, month, day, hour, minute, second and microseconds, each in its bits.
	const clock = (13<<12|14<<6|15)<<20 | 123456
	const wall = (2026<<26|7<<22|9<<17)<<20 | clock
	at := time.Date(2026, 7, 9, 13, 14, 15, 123456000, time.UTC)
	day := civil.DateOf(at)
	rows.send(rows.open(table, managedwriter.DefaultStream), [][]row{{
		{
			"id": 1, "text": "größer 東京", "bytes": []byte{0, 255}, "ratio": 0.5, "yes": true,
			"price": littleEndian(-12_500_000_000), // -12.5, in units of 10^-9
			"large": []byte{1},                     // one unit of 10^-38
			"at":    at.UnixMicro(), "day": day.DaysSince(civil.Date{Year: 1970, Month: 1, Day: 1}), "clock": clock, "wall": wall,
			"json": `{"a":[1,null]}`, "tags": []string{"x", "y"}, "place": row{"city": "Bern", "zip": 3000},
		},
		{"id": 2},
	}})
	null := []bigquery.Value{int64(2), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, []bigquery.Value(nil), nil}
	found := w.query("SELECT * FROM " + quoted(table) + " ORDER BY id")
	w.expect("list", w.list(table), found)
	smallest := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil))
	want := []bigquery.Value{
		int64(1), "größer 東京", []byte{0, 255}, 0.5, true, big.NewRat(-25, 2), smallest, at, day, civil.TimeOf(at),
		civil.DateTimeOf(at), `{"a":[1,null]}`, []bigquery.Value{"x", "y"}, []bigquery.Value{"Bern", int64(3000)},
	}
	if len(found) != 2 {
		t.Fatalf("got %d rows, want 2", len(found))
	}
	for i, field := range schema {
		w.expect(field.Name, found[0][i], want[i])
		w.expect("no "+field.Name, found[1][i], null[i])
	}
}

func littleEndian(value int64) []byte {
	bytes := make([]byte, 8)
	for i := range bytes {
		bytes[i] = byte(value >> (8 * i))
	}
	return bytes
}
