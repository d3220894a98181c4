"""An SMTP server that keeps what it gets, for tests.

Writes each message as one JSON line {"from", "to", "data", "tls", "user"} to the file given by --out.
Prints `ready PORT` once it listens on 127.0.0.1. Ends when its standard input is closed.

The local part of a recipient scripts the answer:
  later@   451 to RCPT        refused@  550 to RCPT
  full@    452 after DATA     spam@     554 after DATA
  hang@    no answer to RCPT  drop@     closes the connection at RCPT
"""

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult


class Sink:
    def __init__(self, out):
        self.out = out

    async def handle_RCPT(self, server, session, envelope, address, options):
        script = address.split("@")[0]
        if script == "later":
            return "451 4.7.1 Greylisted, come back in five minutes"
        if script == "refused":
            return "550 5.1.1 No such person here"
        if script == "hang":
            await asyncio.sleep(3600)
        if script == "drop":
            server.transport.abort()
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        script = envelope.rcpt_tos[0].split("@")[0]
        if script == "full":
            return "452 4.2.2 Mailbox full"
        if script == "spam":
            return "554 5.7.1 Looks like spam"
        entry = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.original_content.decode("utf-8", "replace"),
            "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "user": session.auth_data,
        }
        with open(self.out, "a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")
        return "250 2.0.0 Kept as number one"


def certificate(folder):
    """A certificate for localhost, signed by an authority of its own; both are made afresh."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "names")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--authority", help="where to put the authority's certificate")
    parser.add_argument("--user")
    parser.add_argument("--password")
    chosen = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        login, password = data.login.decode(), data.password.decode()
        good = (login, password) == (chosen.user, chosen.password)
        return AuthResult(success=good, handled=good, auth_data=login)

    context = None
    if chosen.tls != "none":
        with tempfile.TemporaryDirectory() as folder:
            context = certificate(Path(folder))
            Path(chosen.authority).write_bytes((Path(folder) / "ca.pem").read_bytes())

    def session():
        return SMTP(
            Sink(chosen.out),
            hostname="localhost",
            tls_context=context if chosen.tls == "starttls" else None,
            require_starttls=chosen.tls == "starttls",
            authenticator=authenticate if chosen.user else None,
            auth_required=bool(chosen.user),
            auth_require_tls=chosen.tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        session, "127.0.0.1", 0, ssl=context if chosen.tls == "tls" else None
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    import os

    asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
    # Sessions that hang on purpose are not waited for.
    os._exit(0)
