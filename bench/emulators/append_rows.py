"""Appends rows to the default stream of a table as fast as the server takes them, several requests in flight, for a time.

The requests are made beforehand and go out as bytes, so that the client costs next to nothing. Run with the Python of tests/clients (grpc and
Google's message classes). Prints one JSON line: rows acknowledged, seconds, acknowledge times."""

import argparse
import json
import threading
import time

import grpc
from google.cloud.bigquery_storage_v1 import types
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from rows import row

Field = descriptor_pb2.FieldDescriptorProto
FIELDS = {"id": Field.TYPE_INT64, "name": Field.TYPE_STRING, "quantity": Field.TYPE_INT64, "weight": Field.TYPE_DOUBLE, "paid": Field.TYPE_BOOL}
ANSWER_SECONDS_MAX = 120


def descriptor():
    message = descriptor_pb2.DescriptorProto(name="Row")
    for number, (name, kind) in enumerate(FIELDS.items(), start=1):
        message.field.add(name=name, number=number, type=kind, label=Field.LABEL_OPTIONAL)
    return message


def requests(options):
    """Serialized requests; the first one carries the schema. The service wants the stream there only, bigquery-local in each."""
    message = descriptor()
    pool = descriptor_pool.DescriptorPool()
    pool.Add(descriptor_pb2.FileDescriptorProto(name="row.proto", package="bench", syntax="proto2", message_type=[message]))
    row_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Row"))
    for first in range(0, options.rows, options.batch_rows):
        request = types.AppendRowsRequest(write_stream=f"{options.table}/streams/_default")
        if first == 0:
            request.proto_rows.writer_schema.proto_descriptor = message
        request.proto_rows.rows.serialized_rows = [row_class(**row(number)).SerializeToString()
                                                   for number in range(first, first + options.batch_rows)]
        yield types.AppendRowsRequest.serialize(request)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storage", required=True, metavar="HOST:PORT")
    parser.add_argument("--table", required=True, metavar="projects/…/tables/…")
    parser.add_argument("--rows", type=int, required=True, help="at most; a multiple of --batch-rows")
    parser.add_argument("--batch-rows", type=int, required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="no request is sent after them")
    options = parser.parse_args()

    prepared = list(requests(options))
    window = threading.Semaphore(options.in_flight)
    sent = []

    def send():
        deadline = time.perf_counter() + options.seconds
        for request in prepared:
            window.acquire()
            if time.perf_counter() > deadline:
                return
            sent.append(time.perf_counter())
            yield request

    channel = grpc.insecure_channel(options.storage, options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)])
    append = channel.stream_stream("/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows",
                                   request_serializer=None, response_deserializer=types.AppendRowsResponse.deserialize)
    latencies_ms = []
    start = time.perf_counter()
    answers = append(send(), timeout=options.seconds + ANSWER_SECONDS_MAX, metadata=[("x-goog-request-params", f"write_stream={options.table}/streams/_default")])
    for answer in answers:
        if answer.error.code or answer.row_errors:
            raise SystemExit(f"refused: {answer.error.message or answer.row_errors[0].message}")
        latencies_ms.append((time.perf_counter() - sent[len(latencies_ms)]) * 1000)
        window.release()
    wall = time.perf_counter() - start
    latencies_ms.sort()
    print(json.dumps({"rows": len(latencies_ms) * options.batch_rows, "wall_seconds": wall, "ack_p50_ms": latencies_ms[len(latencies_ms) // 2],
                      "ack_p99_ms": latencies_ms[min(len(latencies_ms) - 1, len(latencies_ms) * 99 // 100)]}))


main()
