package clients

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
)

var (
	storySchema = bigquery.Schema{
		{Name: "id", Type: bigquery.IntegerFieldType, Required: true},
		{Name: "name", Type: bigquery.StringFieldType},
	}
	storyEnd = [][]bigquery.Value{{int64(1), "Alice Restored"}, {int64(2), "Bob"}}
)

func change(id int, name, kind string, sequence int) row {
	return row{"id": id, "name": name, "_CHANGE_TYPE": kind, "_CHANGE_SEQUENCE_NUMBER": strconv.FormatInt(int64(sequence), 16)}
}

func story() []row {
	return []row{
		change(1, "Alice", "UPSERT", 1),
		change(1, "Alice", "DELETE", 2),
		change(1, "Alice Restored", "UPSERT", 3),
		change(2, "Bob", "UPSERT", 4),
	}
}

func eachAlone(rows []row) [][]row {
	var requests [][]row
	for _, one := range rows {
		requests = append(requests, []row{one})
	}
	return requests
}

// keyed makes a table as the library's own CDC test does: columns by REST, the key by DDL.
func (w *warehouse) keyed() *bigquery.Table {
	w.Helper()
	table := w.create(storySchema)
	w.run(fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (id) NOT ENFORCED", quoted(table)))
	w.run(fmt.Sprintf("ALTER TABLE %s SET OPTIONS (max_staleness = INTERVAL 0 MINUTE)", quoted(table)))
	return table
}

func (w *warehouse) expectStory(table *bigquery.Table) {
	w.Helper()
	w.expect("query", w.query("SELECT id, name FROM "+quoted(table)+" ORDER BY id"), storyEnd)
	w.expect("list", w.list(table), storyEnd)
}

func TestStory(t *testing.T) {
	reversed := slices.Clone(story())
	slices.Reverse(reversed)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	shuffled := slices.Clone(story())
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for name, requests := range map[string][][]row{
		"one request":                         {story()},
		"reversed":                            {reversed},
		"shuffled":                            {shuffled},
		"four requests":                       eachAlone(story()),
		"four requests reversed":              eachAlone(reversed),
		"four requests shuffled":              eachAlone(shuffled),
		"four requests reversed and repeated": eachAlone(append(slices.Clone(reversed), story()...)),
	} {
		t.Run(name, func(t *testing.T) {
			w := connect(t)
			table := w.keyed()
			rows := w.format(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER")
			rows.send(rows.open(table, managedwriter.DefaultStream), requests)
			w.expectStory(table)
		})
	}
}

// The steps of the library's own integration test "SimpleCDC": inserts by a committed stream, then changes by the default stream, in the
// order of their arrival.
func TestSimpleCDC(t *testing.T) {
	w := connect(t)
	table := w.keyed()
	rows := w.format(table, "_CHANGE_TYPE")
	of := func(id int, name, kind string) row { return row{"id": id, "name": name, "_CHANGE_TYPE": kind} }
	read := func() [][]bigquery.Value { return w.query("SELECT id, name FROM " + quoted(table) + " ORDER BY id") }

	rows.send(rows.open(table, managedwriter.CommittedStream),
		[][]row{{of(1, "alice", "INSERT"), of(2, "bob", "INSERT"), of(3, "clarice", "INSERT")}}, 0)
	w.expect("inserted", read(), [][]bigquery.Value{{int64(1), "alice"}, {int64(2), "bob"}, {int64(3), "clarice"}})

	changes := rows.open(table, managedwriter.DefaultStream)
	rows.send(changes, [][]row{{of(2, "bob 2", "UPSERT")}})
	w.expect("changed", read(), [][]bigquery.Value{{int64(1), "alice"}, {int64(2), "bob 2"}, {int64(3), "clarice"}})
	rows.send(changes, [][]row{{{"id": 3, "_CHANGE_TYPE": "DELETE"}}})
	w.expect("removed", read(), [][]bigquery.Value{{int64(1), "alice"}, {int64(2), "bob 2"}})
}

func TestTableAsTheLibrarySeesIt(t *testing.T) {
	w := connect(t)
	table := w.keyed()
	rows := w.format(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER")
	rows.send(rows.open(table, managedwriter.DefaultStream), [][]row{story()})
	w.expectStory(table)
	meta, err := table.Metadata(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.expect("key", meta.TableConstraints.PrimaryKey.Columns, []string{"id"})
	// REST tells nothing of an ordinary table's staleness; it stands among the options.
	w.expect("max_staleness by REST", meta.MaxStaleness, (*bigquery.IntervalValue)(nil))
	w.run(fmt.Sprintf("ALTER TABLE %s SET OPTIONS (max_staleness = INTERVAL 15 MINUTE)", quoted(table)))
	w.expect("max_staleness", w.query(fmt.Sprintf("SELECT option_value FROM %s.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = '%s' "+
		"AND option_name = 'max_staleness'", datasetID, table.TableID)), [][]bigquery.Value{{"0-0 0 0:15:0"}})
	w.expect("rows", meta.NumRows, uint64(2))
	w.expect("columns", len(meta.Schema), 2)
	w.expect("first column", *meta.Schema[0], *storySchema[0])
	w.expect("second column", *meta.Schema[1], *storySchema[1])
}

// Two tables on one connection: each request names its table, each change of table its descriptor.
func TestMultiplexing(t *testing.T) {
	w := connect(t, managedwriter.WithMultiplexing(), managedwriter.WithMultiplexPoolLimit(1))
	changed := w.keyed()
	other := w.bigquery.Dataset(datasetID).Table(changed.TableID + "_other")
	if err := other.Create(w.ctx, &bigquery.TableMetadata{
		Schema:           bigquery.Schema{{Name: "code", Type: bigquery.StringFieldType, Required: true}, {Name: "n", Type: bigquery.IntegerFieldType}},
		TableConstraints: &bigquery.TableConstraints{PrimaryKey: &bigquery.PrimaryKey{Columns: []string{"code"}}},
	}); err != nil {
		t.Fatal(err)
	}
	changes, others := w.format(changed, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"), w.format(other, "_CHANGE_TYPE")
	changesStream, othersStream := changes.open(changed, managedwriter.DefaultStream), others.open(other, managedwriter.DefaultStream)
	for i, one := range story() {
		changes.send(changesStream, [][]row{{one}})
		others.send(othersStream, [][]row{{{"code": "a", "n": i, "_CHANGE_TYPE": "UPSERT"}}})
	}
	w.expectStory(changed)
	w.expect("the other table", w.query("SELECT code, n FROM "+quoted(other)), [][]bigquery.Value{{"a", int64(3)}})
}

func TestChangesThatAreRefused(t *testing.T) {
	w := connect(t)
	table := w.keyed()
	rows := w.format(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER")
	const none = storagepb.StorageError_STORAGE_ERROR_CODE_UNSPECIFIED
	rows.refused(rows.open(table, managedwriter.CommittedStream), codes.InvalidArgument, none, rows.encode(change(1, "Alice", "UPSERT", 1)))
	stream := rows.open(table, managedwriter.DefaultStream)
	response := rows.refused(stream, codes.InvalidArgument, none, rows.encode(
		change(1, "Alice", "UPSERT", 1), row{"id": 2, "_CHANGE_TYPE": "UPSERT", "_CHANGE_SEQUENCE_NUMBER": "no number"}))
	if errs := response.GetRowErrors(); len(errs) != 1 || errs[0].GetIndex() != 1 || errs[0].GetCode() != storagepb.RowError_FIELDS_ERROR {
		t.Errorf("got row errors %v, want one for row 1", errs)
	}
	// Nothing of a refused request is kept, and its connection goes on.
	w.expect("rows", w.query("SELECT id FROM "+quoted(table)), [][]bigquery.Value{})
	rows.send(stream, [][]row{story()})
	w.expectStory(table)
}

func hasReason(err error, reason string) bool {
	var failure *googleapi.Error
	return errors.As(err, &failure) && slices.ContainsFunc(failure.Errors, func(item googleapi.ErrorItem) bool { return item.Reason == reason })
}

func TestErrorsOfREST(t *testing.T) {
	w := connect(t)
	missing := w.table()
	_, noTable := missing.Metadata(w.ctx)
	_, noTableInQuery := w.bigquery.Query("SELECT * FROM " + quoted(missing)).Read(w.ctx)
	_, syntax := w.bigquery.Query("SELEKT 1").Read(w.ctx)
	for _, one := range []struct {
		what   string
		err    error
		status int
		reason string
	}{
		{"Metadata of a missing table", noTable, http.StatusNotFound, "notFound"},
		{"query of a missing table", noTableInQuery, http.StatusNotFound, "notFound"},
		{"syntax", syntax, http.StatusBadRequest, "invalidQuery"},
		{"dataset twice", w.bigquery.Dataset(datasetID).Create(w.ctx, nil), http.StatusConflict, "duplicate"},
	} {
		var failure *googleapi.Error
		if !errors.As(one.err, &failure) || failure.Code != one.status || !hasReason(one.err, one.reason) {
			t.Errorf("%s: got %v, want %d %s", one.what, one.err, one.status, one.reason)
		}
	}
}

func TestParametersAndPages(t *testing.T) {
	w := connect(t)
	table := w.keyed()
	rows := w.format(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER")
	var changes []row
	for i := 1; i <= 250; i++ {
		changes = append(changes, change(i, fmt.Sprintf("n%d", i), "UPSERT", i))
	}
	rows.send(rows.open(table, managedwriter.DefaultStream), [][]row{changes})

	query := w.bigquery.Query("SELECT id FROM " + quoted(table) + " WHERE id > @least ORDER BY id")
	query.Parameters = []bigquery.QueryParameter{{Name: "least", Value: int64(10)}}
	found, err := query.Read(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	found.PageInfo().MaxSize = 100
	for want := int64(11); want <= 250; want++ {
		var values []bigquery.Value
		if err := found.Next(&values); err != nil || values[0] != want {
			t.Fatalf("got %v, error %v; want %d", values, err, want)
		}
	}
	w.expect("total", found.TotalRows, uint64(240))
	w.expect("after the last page", w.drain(found, nil), [][]bigquery.Value{})
}
