"""The same story by TLS and with credentials, as against the service: the libraries make their channels themselves and are told only the
address, a token and the certificate to trust."""

import os
import unittest

# Read when the libraries are loaded or a channel is made.
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = os.environ["BQCDC_TEST_CA"]

import cdc_story_test as story
from google.api_core import client_options, exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types
from google.cloud.bigquery_storage_v1.services import big_query_write
from google.oauth2 import credentials


def connect(wanted):
    rest = bigquery.Client(project=story.PROJECT, credentials=wanted,
                           client_options=client_options.ClientOptions(api_endpoint=os.environ["BQCDC_TEST_REST"]))
    storage = big_query_write.BigQueryWriteClient(
        credentials=wanted, client_options=client_options.ClientOptions(api_endpoint=os.environ["BQCDC_TEST_STORAGE"]))
    return rest, storage


class TlsStoryTest(story.CdcStoryTest):
    @staticmethod
    def connect():
        return connect(credentials.Credentials(token=os.environ["BQCDC_TEST_TOKEN"]))

    def expect_refused(self, wanted):
        rest, storage = connect(wanted)
        # A token that cannot be refreshed is how the library tells of a 401.
        with self.assertRaisesRegex(Exception, "401|refresh"):
            rest.get_table(story.TABLE, retry=None)
        with self.assertRaises(exceptions.Unauthenticated):
            storage.get_write_stream(types.GetWriteStreamRequest(name=story.STREAM), retry=None)

    def test_another_token_is_refused(self):
        self.expect_refused(credentials.Credentials(token="another-token"))

    def test_no_token_is_refused(self):
        self.expect_refused(AnonymousCredentials())

    def test_links_of_the_server_say_https(self):
        self.assertTrue(self.bigquery.get_table(story.TABLE).self_link.startswith("https://localhost:"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
