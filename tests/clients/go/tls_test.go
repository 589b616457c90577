package clients

import (
	"errors"
	"net/http"
	"testing"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
)

// By TLS and with a bearer token, as against the service: the libraries trust the certificate that SSL_CERT_FILE names. Only for `run_client --tls`.

func TestTLSStory(t *testing.T) {
	TestStory(t)
}

func TestTLSOtherTokens(t *testing.T) {
	w := connect(t)
	table := w.keyed()
	rows := w.format(table, "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER")
	for name, one := range map[string]struct{ token, reason string }{
		"another token": {"another-token", "authError"},
		"no token":      {"", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			stranger := connectAs(t, one.token)
			_, err := stranger.bigquery.Dataset(datasetID).Table(table.TableID).Metadata(stranger.ctx)
			var failure *googleapi.Error
			if !errors.As(err, &failure) || failure.Code != http.StatusUnauthorized || !hasReason(err, one.reason) {
				t.Errorf("Metadata: got %v, want 401 %s", err, one.reason)
			}
			// The library asks for the stream before it takes a row.
			_, err = stranger.storage.NewManagedStream(stranger.ctx, managedwriter.WithDestinationTable(parent(table)),
				managedwriter.WithType(managedwriter.DefaultStream), managedwriter.WithSchemaDescriptor(rows.descriptor))
			stranger.expectStorageError(err, codes.Unauthenticated, storagepb.StorageError_STORAGE_ERROR_CODE_UNSPECIFIED)
		})
	}
}
