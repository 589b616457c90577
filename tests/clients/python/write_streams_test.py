"""Created write streams through Google's own Python libraries, unmodified: pending rows that are committed together, exact offsets of a
committed stream, a buffered one that is flushed."""

import os
import unittest

import cdc_story_test as story
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import types, writer
from google.protobuf import descriptor_pb2

PROJECT = os.environ["BQCDC_TEST_PROJECT"]
DATASET = "streams_dataset"
TABLE = f"{DATASET}.rows"
PARENT = f"projects/{PROJECT}/datasets/{DATASET}/tables/rows"

Field = descriptor_pb2.FieldDescriptorProto
ROW = descriptor_pb2.DescriptorProto(name="CdcRow")
ROW.field.add(name="id", number=1, type=Field.TYPE_INT64)
ROW_CLASS = story.make_row_class(ROW)


class WriteStreamsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bigquery, cls.storage = story.CdcStoryTest.connect()
        cls.bigquery.create_dataset(DATASET, exists_ok=True)

    def setUp(self):
        self.bigquery.query(f"CREATE OR REPLACE TABLE {TABLE} (id INT64)").result()

    def create(self, kind):
        return self.storage.create_write_stream(parent=PARENT, write_stream=types.WriteStream(type_=kind)).name

    def append(self, name, requests):
        """Sends (offset, ids) pairs on one connection; returns the offsets that were answered."""
        template = types.AppendRowsRequest(write_stream=name)
        template.proto_rows = types.AppendRowsRequest.ProtoData(writer_schema=types.ProtoSchema(proto_descriptor=ROW))
        stream = writer.AppendRowsStream(self.storage, template)
        try:
            futures = []
            for offset, ids in requests:
                rows = types.ProtoRows(serialized_rows=[ROW_CLASS(id=i).SerializeToString() for i in ids])
                futures.append(stream.send(types.AppendRowsRequest(
                    offset=offset, proto_rows=types.AppendRowsRequest.ProtoData(rows=rows))))
            return [future.result(timeout=60).append_result.offset for future in futures]
        finally:
            stream.close()

    def ids(self):
        return [row.id for row in self.bigquery.query(f"SELECT id FROM {TABLE} ORDER BY id").result()]

    def commit(self, names):
        return self.storage.batch_commit_write_streams(
            types.BatchCommitWriteStreamsRequest(parent=PARENT, write_streams=names))

    def test_pending(self):
        names = [self.create(types.WriteStream.Type.PENDING) for _ in range(2)]
        self.assertEqual(self.append(names[0], [(0, [1, 2]), (2, [3])]), [0, 2])
        self.assertEqual(self.append(names[1], [(0, [4])]), [0])
        self.assertEqual(self.storage.finalize_write_stream(name=names[0]).row_count, 3)
        answer = self.commit(names)
        self.assertEqual([error.code for error in answer.stream_errors],
                         [types.StorageError.StorageErrorCode.INVALID_STREAM_STATE])
        self.assertEqual(self.ids(), [])
        self.assertEqual(self.storage.finalize_write_stream(name=names[1]).row_count, 1)
        answer = self.commit(names)
        self.assertFalse(answer.stream_errors)
        self.assertEqual(self.storage.get_write_stream(name=names[0]).commit_time, answer.commit_time)
        self.assertEqual(self.ids(), [1, 2, 3, 4])

    def test_committed(self):
        name = self.create(types.WriteStream.Type.COMMITTED)
        self.assertEqual(self.append(name, [(0, [1]), (1, [2])]), [0, 1])
        with self.assertRaises(exceptions.AlreadyExists):
            self.append(name, [(1, [2])])
        with self.assertRaises(exceptions.OutOfRange):
            self.append(name, [(9, [2])])
        self.assertEqual(self.ids(), [1, 2])

    def test_buffered(self):
        name = self.create(types.WriteStream.Type.BUFFERED)
        self.append(name, [(0, [1, 2, 3])])
        self.assertEqual(self.ids(), [])
        self.storage.flush_rows(types.FlushRowsRequest(write_stream=name, offset=1))
        self.assertEqual(self.ids(), [1, 2])
        with self.assertRaises(exceptions.AlreadyExists):
            self.storage.flush_rows(types.FlushRowsRequest(write_stream=name, offset=1))


if __name__ == "__main__":
    unittest.main()
