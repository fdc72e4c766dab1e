"""A mail server for one address book: SMTP over a real socket, with AUTH, that keeps what it was given.

Source: RFC 5321; RFC 4954 (AUTH PLAIN and LOGIN).
"""

import base64
import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage

USER, PASSWORD = "alarm@example.com", "p@ss/w"
KNOWN = {"lin@example.com"}


class MailPeer:
    """A running server; `busy` makes it answer 421 to whoever comes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.busy = False
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                peer._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, line: socketserver.StreamRequestHandler) -> None:
        def say(text: str) -> None:
            line.wfile.write(text.encode() + b"\r\n")

        if self.busy:
            say("421 busy, come again")
            return
        say("220 mail.example.com ESMTP")
        known, to = False, []
        while said := line.rfile.readline().decode().strip():
            word = said.split(" ")[0].upper()
            if word in ("EHLO", "HELO"):
                say("250-mail.example.com\r\n250 AUTH PLAIN LOGIN")
            elif word == "AUTH":
                known = self._known(line, said)
                say("235 ok" if known else "535 5.7.8 authentication failed")
            elif word == "MAIL":
                say("250 ok" if known else "530 5.7.0 authentication required")
            elif word == "RCPT":
                to.append(said.partition("<")[2].partition(">")[0])
                say("250 ok" if to[-1] in KNOWN else "550 5.1.1 no such mailbox")
            elif word == "DATA":
                say("354 go on")
                self.mails.append(_read_mail(line))
                say("250 queued")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok" if word in ("RSET", "NOOP") else "502 unknown")

    @staticmethod
    def _known(line: socketserver.StreamRequestHandler, said: str) -> bool:
        parts = said.split(" ")
        if parts[1].upper() == "PLAIN":
            given = base64.b64decode(parts[2]) if len(parts) > 2 else b""
            return given == f"\0{USER}\0{PASSWORD}".encode()
        line.wfile.write(b"334 VXNlcm5hbWU6\r\n")
        user = base64.b64decode(line.rfile.readline().strip())
        line.wfile.write(b"334 UGFzc3dvcmQ6\r\n")
        return (user, base64.b64decode(line.rfile.readline().strip())) == (USER.encode(), PASSWORD.encode())


def _read_mail(line: socketserver.StreamRequestHandler) -> EmailMessage:
    lines = []
    while (one := line.rfile.readline()) != b".\r\n":
        lines.append(one.removeprefix(b".") if one.startswith(b"..") else one)
    found = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found
