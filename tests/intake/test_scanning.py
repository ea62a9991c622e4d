"""Documents are searched for viruses where clamd is set up, and none is kept that it has not cleared."""

import io
import socket
import struct
import threading

import pytest

from aspire.refusals import Refused
from proposals.intake.documents import read_pdf
from proposals.intake.scanning import PIECE, Unscanned, virus_in
from tests.intake.test_documents import pdf


class Clamd:
    """Answers one scan as clamd does, and keeps what it was sent."""

    def __init__(self, server, answer):
        self.server, self.answer, self.received, self.pieces = server, answer, b"", 0
        server.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        connection, _address = self.server.accept()
        with connection, connection.makefile("rb") as sent:
            assert sent.read(len(b"zINSTREAM\0")) == b"zINSTREAM\0"
            while length := struct.unpack("!I", sent.read(4))[0]:
                self.received += sent.read(length)
                self.pieces += 1
            connection.sendall(self.answer + b"\0")


@pytest.fixture
def clamd(settings, tmp_path):
    """Begin a clamd on a socket of the file system, or of the network, with its answer."""
    servers = []

    def begin(answer, *, on_network=False):
        server = socket.socket(socket.AF_INET if on_network else socket.AF_UNIX)
        servers.append(server)
        server.bind(("127.0.0.1", 0) if on_network else str(tmp_path / "clamd"))
        settings.CLAMD = f"127.0.0.1:{server.getsockname()[1]}" if on_network else str(tmp_path / "clamd")
        return Clamd(server, answer)

    yield begin
    for server in servers:
        server.close()


def test_without_clamd_nothing_is_scanned(settings):
    settings.CLAMD = ""

    assert virus_in(b"anything") == ""


@pytest.mark.parametrize("on_network", [False, True])
def test_a_file_goes_to_clamd_whole_and_is_clean_where_that_says_so(clamd, on_network):
    data = b"x" * (PIECE + 1)
    told = clamd(b"stream: OK", on_network=on_network)

    assert virus_in(data) == ""
    told.thread.join(5)
    assert (told.received, told.pieces) == (data, 2)


def test_a_document_with_a_virus_is_refused_by_its_name(clamd):
    clamd(b"stream: Eicar-Test-Signature FOUND")

    with pytest.raises(Refused) as caught:
        read_pdf("x.pdf", io.BytesIO(pdf()))

    assert (caught.value.refusal.name, caught.value.refusal.values["why"]) == (
        "document_infected", "Eicar-Test-Signature",
    )  # fmt: skip


def test_a_document_that_clamd_does_not_clear_is_not_kept(clamd, settings, tmp_path):
    clamd(b"INSTREAM size limit exceeded. ERROR")
    with pytest.raises(Unscanned):
        virus_in(b"x")

    settings.CLAMD = str(tmp_path / "nobody")
    with pytest.raises(Refused) as caught:
        read_pdf("x.pdf", io.BytesIO(pdf()))
    assert caught.value.refusal.name == "document_unscanned"
