"""An S3-compatible store: buckets in the memory, multipart uploads, and no request whose signature is not right.

Source: AWS Signature Version 4 (canonical request, string to sign); Amazon S3 API: ListObjectsV2, PutObject, multipart upload.
"""

import hashlib
import hmac
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.near import HOST

_AUTH = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([\w-]+)/s3/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})"
)
_AGE = "2026-11-26T00:00:00.000Z"


class S3Peer:
    """The store: a context manager that serves on a free port."""

    def __init__(self, *, access: str = "AKIATEST", secret: str = "s3 secret of the test") -> None:
        self.access, self.secret = access, secret
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.refused = 0
        peer = self

        class Handler(_Handler):
            store = peer

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.endpoint = f"http://{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    store: S3Peer
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.key = unquote(parts.path).lstrip("/")
        if not self._is_signed(parts.path):
            self.store.refused += 1
            self._say(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return
        getattr(self, f"_{self.command.lower()}")()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _is_signed(self, path: str) -> bool:
        found = _AUTH.fullmatch(self.headers.get("authorization", ""))
        if found is None or found[1] != self.store.access:
            return False
        _, day, region, names, signature = found.groups()
        payload = self.headers.get("x-amz-content-sha256", "")
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(self.body).hexdigest()):
            return False
        query = "&".join(
            f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(self.query.items())
        )
        headers = "".join(
            f"{name}:{' '.join(self.headers.get(name, '').split())}\n" for name in names.split(";")
        )
        canonical = f"{self.command}\n{path}\n{query}\n{headers}\n{names}\n{payload}"
        scope = f"{day}/{region}/s3/aws4_request"
        signed = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"AWS4" + self.store.secret.encode()
        for part in (day, region, "s3", "aws4_request", signed):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(key.hex(), signature)

    def _get(self) -> None:
        if "list-type" in self.query:
            bucket, prefix = self.key.partition("/")[0] + "/", self.query.get("prefix", "")
            found = {
                k.removeprefix(bucket): v
                for k, v in self.store.objects.items()
                if k.startswith(bucket + prefix)
            }
            rows = "".join(
                f"<Contents><Key>{escape(k)}</Key><Size>{len(v)}</Size><LastModified>{_AGE}</LastModified><ETag>&quot;e&quot;</ETag></Contents>"
                for k, v in sorted(found.items())
            )
            self._say(
                200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
            )
        elif self.key in self.store.objects:
            self._say(200, self.store.objects[self.key])
        else:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")

    _head = _get

    def _put(self) -> None:
        if "uploadId" in self.query:
            self.store.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = self.body
        else:
            self.store.objects[self.key] = self.body
        self._say(200, b"")

    def _post(self) -> None:
        if "uploads" in self.query:
            name = f"u{len(self.store.uploads)}"
            self.store.uploads[name] = {}
            told = (
                f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
            )
        elif "uploadId" in self.query:
            found = self.store.uploads.pop(self.query["uploadId"])
            self.store.objects[self.key] = b"".join(found[number] for number in sorted(found))
            told = "<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>"
        else:  # ?delete: several at once
            keys = re.findall(rb"<Key>([^<]*)</Key>", self.body)
            for key in keys:
                self.store.objects.pop(f"{self.key.strip('/')}/{key.decode()}", None)
            told = (
                "<DeleteResult>"
                + "".join(f"<Deleted><Key>{key.decode()}</Key></Deleted>" for key in keys)
                + "</DeleteResult>"
            )
        self._say(200, told.encode())

    def _delete(self) -> None:
        self.store.uploads.pop(self.query.get("uploadId", ""), None)
        if "uploadId" not in self.query:
            self.store.objects.pop(self.key, None)
        self._say(204, b"")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Thu, 26 Nov 2026 00:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
