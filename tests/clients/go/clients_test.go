// Google's own Go libraries, unmodified, against bqcdc-serve: managedwriter sends, cloud.google.com/go/bigquery reads back. Rows are
// messages of a descriptor that adapt makes from the table's schema at run time.
package clients

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"cloud.google.com/go/bigquery/storage/managedwriter/adapt"
	"github.com/googleapis/gax-go/v2/apierror"
	"golang.org/x/oauth2"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	datasetID   = "go_dataset"
	testTimeout = 60 * time.Second
)

var (
	project = os.Getenv("BQCDC_TEST_PROJECT")
	restURL = os.Getenv("BQCDC_TEST_REST")
	token   = os.Getenv("BQCDC_TEST_TOKEN") // of a server with TLS
)

// A warehouse is both clients, and a table name of the test's own.
type warehouse struct {
	*testing.T
	ctx      context.Context
	bigquery *bigquery.Client
	storage  *managedwriter.Client
}

type row = map[string]any

func connect(t *testing.T, options ...option.ClientOption) *warehouse {
	t.Helper()
	w := connectAs(t, token, options...)
	if err := w.bigquery.Dataset(datasetID).Create(w.ctx, &bigquery.DatasetMetadata{Location: "US"}); err != nil && !hasReason(err, "duplicate") {
		t.Fatalf("Dataset.Create: %v", err)
	}
	return w
}

// connectAs makes both clients with that bearer token, without any where it is empty; options are of the one that writes.
func connectAs(t *testing.T, token string, options ...option.ClientOption) *warehouse {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	caller := option.WithoutAuthentication()
	if token != "" {
		caller = option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
	}
	rest, err := bigquery.NewClient(ctx, project, option.WithEndpoint(restURL), caller)
	if err != nil {
		t.Fatalf("bigquery.NewClient: %v", err)
	}
	t.Cleanup(func() { rest.Close() })
	options = append(options, option.WithEndpoint(os.Getenv("BQCDC_TEST_STORAGE")), caller)
	if !strings.HasPrefix(restURL, "https:") {
		options = append(options, option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	}
	storage, err := managedwriter.NewClient(ctx, project, options...)
	if err != nil {
		t.Fatalf("managedwriter.NewClient: %v", err)
	}
	t.Cleanup(func() { storage.Close() })
	return &warehouse{t, ctx, rest, storage}
}

// table names one table for each test.
func (w *warehouse) table() *bigquery.Table {
	return w.bigquery.Dataset(datasetID).Table(strings.NewReplacer("/", "_", " ", "_").Replace(w.Name()))
}

func (w *warehouse) create(schema bigquery.Schema) *bigquery.Table {
	w.Helper()
	table := w.table()
	if err := table.Create(w.ctx, &bigquery.TableMetadata{Schema: schema}); err != nil {
		w.Fatalf("Table.Create: %v", err)
	}
	return table
}

func parent(table *bigquery.Table) string {
	return managedwriter.TableParentFromParts(table.ProjectID, table.DatasetID, table.TableID)
}

func quoted(table *bigquery.Table) string {
	name, _ := table.Identifier(bigquery.StandardSQLID)
	return "`" + name + "`"
}

// run waits for a query job.
func (w *warehouse) run(sql string) {
	w.Helper()
	job, err := w.bigquery.Query(sql).Run(w.ctx)
	if err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	status, err := job.Wait(w.ctx)
	if err == nil {
		err = status.Err()
	}
	if err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

func (w *warehouse) drain(rows *bigquery.RowIterator, err error) [][]bigquery.Value {
	w.Helper()
	if err != nil {
		w.Fatalf("Read: %v", err)
	}
	found := [][]bigquery.Value{}
	for {
		var values []bigquery.Value
		if err := rows.Next(&values); errors.Is(err, iterator.Done) {
			return found
		} else if err != nil {
			w.Fatalf("RowIterator.Next: %v", err)
		}
		found = append(found, values)
	}
}

func (w *warehouse) query(sql string) [][]bigquery.Value {
	w.Helper()
	return w.drain(w.bigquery.Query(sql).Read(w.ctx))
}

// list reads the table's rows without a query; in the order of their first column, since the list has none.
func (w *warehouse) list(table *bigquery.Table) [][]bigquery.Value {
	w.Helper()
	rows := table.Read(w.ctx)
	found := w.drain(rows, nil)
	slices.SortFunc(found, func(a, b []bigquery.Value) int { return int(a[0].(int64) - b[0].(int64)) })
	return found
}

func (w *warehouse) expect(what string, got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// A rowFormat turns JSON objects into rows of a table.
type rowFormat struct {
	*warehouse
	message    protoreflect.MessageDescriptor
	descriptor *descriptorpb.DescriptorProto
}

// format learns the table's columns from the service; pseudocolumns are STRING columns that the table does not have.
func (w *warehouse) format(table *bigquery.Table, pseudocolumns ...string) rowFormat {
	w.Helper()
	stream, err := w.storage.GetWriteStream(w.ctx, &storagepb.GetWriteStreamRequest{
		Name: parent(table) + "/streams/_default", View: storagepb.WriteStreamView_FULL})
	if err != nil {
		w.Fatalf("GetWriteStream: %v", err)
	}
	return w.formatOf(stream.GetTableSchema(), pseudocolumns...)
}

func (w *warehouse) formatOf(schema *storagepb.TableSchema, pseudocolumns ...string) rowFormat {
	w.Helper()
	for _, name := range pseudocolumns {
		schema.Fields = append(schema.Fields, &storagepb.TableFieldSchema{
			Name: name, Type: storagepb.TableFieldSchema_STRING, Mode: storagepb.TableFieldSchema_NULLABLE})
	}
	descriptor, err := adapt.StorageSchemaToProto2Descriptor(schema, "root")
	if err != nil {
		w.Fatalf("StorageSchemaToProto2Descriptor: %v", err)
	}
	message := descriptor.(protoreflect.MessageDescriptor)
	normalized, err := adapt.NormalizeDescriptor(message)
	if err != nil {
		w.Fatalf("NormalizeDescriptor: %v", err)
	}
	return rowFormat{w, message, normalized}
}

// encode takes []byte for a BYTES field: both JSON packages agree on base64.
func (f rowFormat) encode(rows ...row) [][]byte {
	f.Helper()
	encoded := make([][]byte, len(rows))
	for i, values := range rows {
		text, err := json.Marshal(values)
		if err != nil {
			f.Fatal(err)
		}
		message := dynamicpb.NewMessage(f.message)
		if err := protojson.Unmarshal(text, message); err != nil {
			f.Fatalf("row %d: %v", i, err)
		}
		if encoded[i], err = proto.Marshal(message); err != nil {
			f.Fatalf("row %d: %v", i, err)
		}
	}
	return encoded
}

// open makes a stream of that type and a connection for it; closed with the test.
func (f rowFormat) open(table *bigquery.Table, kind managedwriter.StreamType) *managedwriter.ManagedStream {
	f.Helper()
	stream, err := f.storage.NewManagedStream(f.ctx, managedwriter.WithDestinationTable(parent(table)), managedwriter.WithType(kind),
		managedwriter.WithSchemaDescriptor(f.descriptor))
	if err != nil {
		f.Fatalf("NewManagedStream: %v", err)
	}
	f.Cleanup(func() { stream.Close() })
	return stream
}

// send appends each list of rows as one request, then waits for all answers, which must be accepting and have these offsets.
func (f rowFormat) send(stream *managedwriter.ManagedStream, requests [][]row, wantOffsets ...int64) {
	f.Helper()
	results := make([]*managedwriter.AppendResult, len(requests))
	for i, rows := range requests {
		var options []managedwriter.AppendOption
		if len(wantOffsets) > 0 {
			options = append(options, managedwriter.WithOffset(wantOffsets[i]))
		}
		var err error
		if results[i], err = stream.AppendRows(f.ctx, f.encode(rows...), options...); err != nil {
			f.Fatalf("AppendRows, request %d: %v", i, err)
		}
	}
	for i, result := range results {
		want := managedwriter.NoStreamOffset
		if len(wantOffsets) > 0 {
			want = wantOffsets[i]
		}
		if got, err := result.GetResult(f.ctx); err != nil || got != want {
			f.Fatalf("answer of request %d: offset %d, error %v; want offset %d", i, got, err, want)
		}
	}
}

// refused appends and demands the error; a storage code of 0 stands for an error without StorageError.
func (f rowFormat) refused(stream *managedwriter.ManagedStream, wantGRPC codes.Code, want storagepb.StorageError_StorageErrorCode,
	rows [][]byte, options ...managedwriter.AppendOption) *storagepb.AppendRowsResponse {
	f.Helper()
	result, err := stream.AppendRows(f.ctx, rows, options...)
	if err != nil {
		f.Fatalf("AppendRows: %v", err)
	}
	response, err := result.FullResponse(f.ctx)
	f.expectStorageError(err, wantGRPC, want)
	return response
}

func (w *warehouse) expectStorageError(err error, wantGRPC codes.Code, want storagepb.StorageError_StorageErrorCode) {
	w.Helper()
	failure, ok := apierror.FromError(err)
	if !ok {
		w.Fatalf("got %v, want %v with %v", err, wantGRPC, want)
	}
	if got := failure.GRPCStatus().Code(); got != wantGRPC {
		w.Errorf("got %v (%v), want %v", got, err, wantGRPC)
	}
	detail := &storagepb.StorageError{}
	if failure.Details().ExtractProtoMessage(detail); detail.GetCode() != want {
		w.Errorf("StorageError: got %v (%v), want %v", detail.GetCode(), err, want)
	}
}
