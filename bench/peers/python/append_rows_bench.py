"""Streams a file of JSON lines by the official Python client the way of Google's CDC demo: a message class that is built at run time
from a DescriptorProto, AppendRowsStream on the default stream. The arguments and the line that it prints are those of every
writer here: bench/peers/README.md."""

import argparse
import collections
import json
import platform
import resource
import threading
import time

import grpc
from google.cloud.bigquery_storage_v1 import gapic_version, types, writer
from google.cloud.bigquery_storage_v1.services import big_query_write
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto
# The forms in which a JSON value needs no conversion; the service takes text for NUMERIC.
FIELD_TYPES = {
    types.TableFieldSchema.Type.INT64: Field.TYPE_INT64,
    types.TableFieldSchema.Type.TIMESTAMP: Field.TYPE_INT64,
    types.TableFieldSchema.Type.BOOL: Field.TYPE_BOOL,
    types.TableFieldSchema.Type.DOUBLE: Field.TYPE_DOUBLE,
}


def make_row_class(schema):
    """The message class of a change and the descriptor that is sent: the table's columns and _CHANGE_TYPE."""
    file = descriptor_pb2.FileDescriptorProto(name="row.proto", package="bench", syntax="proto2")
    message = file.message_type.add(name="Row")
    for number, field in enumerate(schema.fields, start=1):
        message.field.add(name=field.name, number=number, label=Field.LABEL_OPTIONAL,
                          type=FIELD_TYPES.get(field.type_, Field.TYPE_STRING))
    message.field.add(name="_CHANGE_TYPE", number=len(schema.fields) + 1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Row")), message


class Acknowledgements:
    """Waits for answers, which come in the order of the requests, so that the sender need not."""

    def __init__(self, in_flight):
        self.window = threading.Semaphore(in_flight)
        self.latencies_ms = []
        self.rows = 0
        self.failure = None
        self._queue = collections.deque()
        self._filled = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def add(self, future, rows, sent):
        self._queue.append((future, rows, sent))
        self._filled.release()

    def finish(self):
        self._queue.append(None)
        self._filled.release()
        self._thread.join()
        if self.failure:
            raise self.failure

    def _run(self):
        while True:
            self._filled.acquire()
            entry = self._queue.popleft()
            if entry is None:
                return
            future, rows, sent = entry
            try:
                future.result(timeout=120)
                self.rows += rows
            except Exception as error:  # told by finish()
                self.failure = error
            self.latencies_ms.append((time.perf_counter() - sent) * 1000)
            self.window.release()


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser()
    for name in ("--file", "--storage", "--table"):
        parser.add_argument(name, required=True)
    for name in ("--batch-rows", "--in-flight", "--rows"):
        parser.add_argument(name, type=int, required=True)
    flags = parser.parse_args()
    start = time.perf_counter()

    client = big_query_write.BigQueryWriteClient(
        transport=BigQueryWriteGrpcTransport(channel=grpc.insecure_channel(flags.storage)))
    name = f"{flags.table}/streams/_default"
    schema = client.get_write_stream(types.GetWriteStreamRequest(name=name, view=types.WriteStreamView.FULL)).table_schema
    row_class, descriptor = make_row_class(schema)
    template = types.AppendRowsRequest(write_stream=name)
    template.proto_rows = types.AppendRowsRequest.ProtoData(writer_schema=types.ProtoSchema(proto_descriptor=descriptor))
    stream = writer.AppendRowsStream(client, template)
    acknowledgements = Acknowledgements(flags.in_flight)
    sent = half_rows = 0
    half_wall = half_cpu = 0.0

    def send(batch):
        acknowledgements.window.acquire()
        request = types.AppendRowsRequest()
        request.proto_rows = types.AppendRowsRequest.ProtoData(rows=types.ProtoRows(serialized_rows=batch))
        now = time.perf_counter()
        acknowledgements.add(stream.send(request), len(batch), now)

    batch = []
    with open(flags.file, "rb") as lines:
        for line in lines:
            batch.append(row_class(**json.loads(line)).SerializeToString())
            if len(batch) == flags.batch_rows:
                send(batch)
                sent += len(batch)
                batch = []
                if not half_rows and sent >= flags.rows / 2:
                    half_rows, half_wall, half_cpu = sent, time.perf_counter(), cpu_seconds()
    if batch:
        send(batch)
        sent += len(batch)
    acknowledgements.finish()
    end = time.perf_counter()
    stream.close()

    cpu = cpu_seconds()
    latencies = sorted(acknowledgements.latencies_ms)
    print(json.dumps({
        "writer": "python",
        "library": f"google-cloud-bigquery-storage {gapic_version.__version__}, Python {platform.python_version()}",
        "rows": acknowledgements.rows,
        "wall_seconds": end - start,
        "cpu_seconds": cpu,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "ack_p50_ms": latencies[len(latencies) // 2],
        "ack_p99_ms": latencies[len(latencies) * 99 // 100],
        "warm": {"rows": sent - half_rows, "wall_seconds": end - half_wall, "cpu_seconds": cpu - half_cpu},
    }))


if __name__ == "__main__":
    main()
