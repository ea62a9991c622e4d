"""Whether a file holds a virus, as ``clamd`` says where it is set up: over its own protocol, which is a few lines."""

import socket
import struct

from django.conf import settings

PIECE, SECONDS = 64 * 2**10, 30


class Unscanned(Exception):  # noqa: N818 - what the file is
    """clamd is set up and does not answer, or not in its own words."""


def virus_in(data: bytes) -> str:
    """The name of the virus that clamd finds; empty where it finds none, or is not set up. Raises Unscanned."""
    if not settings.CLAMD:
        return ""
    try:
        with _connected() as clamd:
            clamd.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                clamd.sendall(struct.pack("!I", len(piece)) + piece)
            clamd.sendall(struct.pack("!I", 0))
            said = clamd.makefile("rb").read(4096).rstrip(b"\0\n").decode("utf-8", "replace")
    except (OSError, OverflowError) as error:  # a port beyond all
        raise Unscanned from error
    if said.endswith(" FOUND"):
        return said.removeprefix("stream: ").removesuffix(" FOUND")
    if said != "stream: OK":
        raise Unscanned(said)
    return ""


def _connected() -> socket.socket:
    """``CLAMD`` is the path of a socket, or a host and a port."""
    if settings.CLAMD.startswith("/"):
        clamd = socket.socket(socket.AF_UNIX)
        clamd.settimeout(SECONDS)
        try:
            clamd.connect(settings.CLAMD)
        except OSError:
            clamd.close()
            raise
        return clamd
    host, _, port = settings.CLAMD.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)
