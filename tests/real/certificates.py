"""Certificates for servers of the tests, by a CA of the test's own."""

import subprocess
from pathlib import Path
from typing import Final, NamedTuple

_NEW_KEY: Final = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Certificate(NamedTuple):
    """Two PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Makes `ca.crt` in `folder`, which exists, and signs by it."""

    def __init__(self, folder: Path, name: str = "rockseg test CA") -> None:
        self._folder = folder
        self.ca_file = folder / "ca.crt"
        self._key = folder / "ca.key"
        uses = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        self._openssl("req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.ca_file, "-days", "2",
                      "-subj", f"/CN={name}", *uses)  # fmt: skip

    def issue(self, name: str, hosts: str = "IP:127.0.0.1,DNS:localhost") -> Certificate:
        """A certificate for `hosts`, in the folder `name`: public.crt and private.key, as MinIO wants them."""
        place = self._folder / name
        place.mkdir()
        issued = Certificate(place / "public.crt", place / "private.key")
        request, extensions = place / "request", place / "extensions"
        extensions.write_text(f"subjectAltName={hosts}\nauthorityKeyIdentifier=keyid\n")
        self._openssl("req", *_NEW_KEY, "-keyout", issued.key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._key, "-CAcreateserial",
                      "-days", "2", "-extfile", extensions, "-out", issued.certificate)  # fmt: skip
        return issued

    def _openssl(self, *arguments: str | Path) -> None:
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
