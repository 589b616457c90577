"""CDC through Google's own Python libraries, unmodified: rows are sent with google-cloud-bigquery-storage, with a message class that is
built at run time, and read back with google-cloud-bigquery."""

import itertools
import os
import random
import unittest

import grpc
from google.api_core import client_options, exceptions
from google.auth import credentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types, writer
from google.cloud.bigquery_storage_v1.services import big_query_write
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROJECT = os.environ["BQCDC_TEST_PROJECT"]
DATASET = "demo_dataset"
TABLE = f"{DATASET}.cdc_demo"
STREAM = f"projects/{PROJECT}/datasets/{DATASET}/tables/cdc_demo/streams/_default"

CREATE_TABLE = f"""
CREATE OR REPLACE TABLE {TABLE} (
  id INT64, name STRING, PRIMARY KEY(id) NOT ENFORCED
) OPTIONS(max_staleness = INTERVAL 0 MINUTE)"""

STORY = [
    {"id": 1, "name": "Alice", "type": "UPSERT", "sequence": 1},
    {"id": 1, "name": "Alice", "type": "DELETE", "sequence": 2},
    {"id": 1, "name": "Alice Restored", "type": "UPSERT", "sequence": 3},
    {"id": 2, "name": "Bob", "type": "UPSERT", "sequence": 4},
]
EXPECTED = [(1, "Alice Restored"), (2, "Bob")]

Field = descriptor_pb2.FieldDescriptorProto
_package_numbers = itertools.count()


def make_row_descriptor(sequence_type):
    """A DescriptorProto whose fields have no labels, as hand-written programs leave them."""
    message = descriptor_pb2.DescriptorProto(name="CdcRow")
    for number, (name, kind) in enumerate(
        [("id", Field.TYPE_INT64), ("name", Field.TYPE_STRING), ("_CHANGE_TYPE", Field.TYPE_STRING),
         ("_CHANGE_SEQUENCE_NUMBER", sequence_type)], start=1):
        message.field.add(name=name, number=number, type=kind)
    return message


def make_row_class(message):
    """The message class of a descriptor, in a pool of its own. The file needs labels; the descriptor that is sent may have none."""
    package = f"story{next(_package_numbers)}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    copy = file.message_type.add()
    copy.CopyFrom(message)
    for field in copy.field:
        if not field.HasField("label"):
            field.label = Field.LABEL_OPTIONAL
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.CdcRow"))


def serialize(row_class, sequence_type, change):
    row = row_class(id=change["id"], name=change["name"])
    setattr(row, "_CHANGE_TYPE", change["type"])
    sequence = change["sequence"]
    setattr(row, "_CHANGE_SEQUENCE_NUMBER", sequence if sequence_type == Field.TYPE_INT64 else format(sequence, "X"))
    return row.SerializeToString()


class CdcStoryTest(unittest.TestCase):
    @staticmethod
    def connect():
        """The two clients."""
        rest = bigquery.Client(
            project=PROJECT, credentials=credentials.AnonymousCredentials(),
            client_options=client_options.ClientOptions(api_endpoint=os.environ["BQCDC_TEST_REST"]))
        channel = grpc.insecure_channel(os.environ["BQCDC_TEST_STORAGE"])
        return rest, big_query_write.BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=channel))

    @classmethod
    def setUpClass(cls):
        cls.bigquery, cls.storage = cls.connect()
        cls.bigquery.create_dataset(DATASET, exists_ok=True)

    def setUp(self):
        self.bigquery.query(CREATE_TABLE).result()

    def send(self, requests, sequence_type):
        """Sends lists of changes, one AppendRowsRequest each, on one connection; waits for every answer."""
        descriptor = make_row_descriptor(sequence_type)
        row_class = make_row_class(descriptor)
        template = types.AppendRowsRequest(write_stream=STREAM)
        template.proto_rows = types.AppendRowsRequest.ProtoData(
            writer_schema=types.ProtoSchema(proto_descriptor=descriptor))
        stream = writer.AppendRowsStream(self.storage, template)
        try:
            futures = []
            for changes in requests:
                request = types.AppendRowsRequest()
                request.proto_rows = types.AppendRowsRequest.ProtoData(rows=types.ProtoRows(
                    serialized_rows=[serialize(row_class, sequence_type, change) for change in changes]))
                futures.append(stream.send(request))
            return [future.result(timeout=60) for future in futures]
        finally:
            stream.close()

    def rows(self):
        result = self.bigquery.query(f"SELECT id, name FROM {TABLE} ORDER BY id").result()
        return [tuple(row.values()) for row in result]

    def check(self, requests):
        for sequence_type in (Field.TYPE_INT64, Field.TYPE_STRING):
            with self.subTest(sequence_type=Field.Type.Name(sequence_type)):
                self.bigquery.query(CREATE_TABLE).result()
                self.send(requests, sequence_type)
                self.assertEqual(self.rows(), EXPECTED)

    def test_one_request(self):
        self.check([STORY])

    def test_reversed(self):
        self.check([STORY[::-1]])

    def test_shuffled(self):
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        shuffled = STORY[:]
        random.Random(seed).shuffle(shuffled)
        self.check([shuffled])

    def test_four_requests(self):
        self.check([[change] for change in STORY])

    def test_four_requests_reversed_and_repeated(self):
        self.check([[change] for change in STORY[::-1] + STORY])

    def test_table_as_the_library_sees_it(self):
        table = self.bigquery.get_table(TABLE)
        self.assertEqual([(field.name, field.field_type, field.mode) for field in table.schema],
                         [("id", "INTEGER", "NULLABLE"), ("name", "STRING", "NULLABLE")])
        self.assertEqual(table.table_constraints.primary_key.columns, ["id"])
        self.send([STORY], Field.TYPE_STRING)
        listed = sorted(tuple(row.values()) for row in self.bigquery.list_rows(TABLE))
        self.assertEqual(listed, EXPECTED)
        self.assertEqual(self.bigquery.get_table(TABLE).num_rows, 2)

    def test_errors_have_their_classes(self):
        with self.assertRaises(exceptions.NotFound):
            self.bigquery.get_table(f"{DATASET}.missing")
        with self.assertRaises(exceptions.NotFound):
            self.bigquery.query(f"SELECT * FROM {DATASET}.missing").result()
        with self.assertRaises(exceptions.BadRequest):
            self.bigquery.query("SELEKT 1").result()
        with self.assertRaises(exceptions.Conflict):
            self.bigquery.create_dataset(DATASET)

    def test_rows_of_every_page(self):
        rows = self.bigquery.query(f"SELECT id FROM {TABLE}").result()
        self.assertEqual(rows.total_rows, 0)
        changes = [{"id": i, "name": f"n{i}", "type": "UPSERT", "sequence": i} for i in range(1, 251)]
        self.send([changes], Field.TYPE_STRING)
        result = self.bigquery.query(f"SELECT id FROM {TABLE} ORDER BY id").result(page_size=100)
        self.assertEqual([row.id for row in result], list(range(1, 251)))

    def test_parameters(self):
        self.send([STORY], Field.TYPE_STRING)
        config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("wanted", "INT64", 2)])
        result = self.bigquery.query(f"SELECT name FROM {TABLE} WHERE id = @wanted", job_config=config).result()
        self.assertEqual([row.name for row in result], ["Bob"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
