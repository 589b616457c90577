package main

import (
	"encoding/json"

	"bqcdc.bench/managedwriter/order"
	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter/adapt"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A rowEncoder turns a JSON line into the wire bytes of its row.
type rowEncoder func(line []byte) ([]byte, error)

// dynamicRows is for tables known at run time, as a tool has them: any table, any column.
func dynamicRows(schema *storagepb.TableSchema) (rowEncoder, *descriptorpb.DescriptorProto, error) {
	schema.Fields = append(schema.Fields, &storagepb.TableFieldSchema{
		Name: "_CHANGE_TYPE", Type: storagepb.TableFieldSchema_STRING, Mode: storagepb.TableFieldSchema_NULLABLE})
	// The default for NUMERIC is bytes, which protojson would want in base64; the service takes text as well.
	descriptor, err := adapt.StorageSchemaToProtoDescriptorWithOptions(schema, "row",
		adapt.WithProtoMapping(adapt.ProtoMapping{
			FieldType: storagepb.TableFieldSchema_NUMERIC, Type: descriptorpb.FieldDescriptorProto_TYPE_STRING}))
	if err != nil {
		return nil, nil, err
	}
	message := descriptor.(protoreflect.MessageDescriptor)
	normalized, err := adapt.NormalizeDescriptor(message)
	row := dynamicpb.NewMessage(message)
	return func(line []byte) ([]byte, error) {
		// Unmarshal resets the message first.
		if err := protojson.Unmarshal(line, row); err != nil {
			return nil, err
		}
		return proto.Marshal(row)
	}, normalized, err
}

// generatedRows is for one table known when the program is compiled: encoding/json into a struct, a generated message that points
// into it. The cheapest way for rows that have every column; null and absent columns would need more.
func generatedRows() (rowEncoder, *descriptorpb.DescriptorProto, error) {
	type line struct {
		ID         int64   `json:"id"`
		Customer   string  `json:"customer"`
		Status     string  `json:"status"`
		Region     string  `json:"region"`
		Quantity   int64   `json:"quantity"`
		Price      string  `json:"price"`
		Paid       bool    `json:"paid"`
		Created    int64   `json:"created"`
		Note       string  `json:"note"`
		Weight     float64 `json:"weight"`
		ChangeType string  `json:"_CHANGE_TYPE"`
	}
	parsed := new(line)
	row := &order.Order{
		Id: &parsed.ID, Customer: &parsed.Customer, Status: &parsed.Status, Region: &parsed.Region, Quantity: &parsed.Quantity,
		Price: &parsed.Price, Paid: &parsed.Paid, Created: &parsed.Created, Note: &parsed.Note, Weight: &parsed.Weight,
		XCHANGE_TYPE: &parsed.ChangeType,
	}
	normalized, err := adapt.NormalizeDescriptor(row.ProtoReflect().Descriptor())
	return func(text []byte) ([]byte, error) {
		*parsed = line{}
		if err := json.Unmarshal(text, parsed); err != nil {
			return nil, err
		}
		return proto.Marshal(row)
	}, normalized, err
}
