"""A real IMAP server (dovecot-imapd of Debian) for tests: in its own folder, on its own port, stopped by its pid."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]

from tests.certificate import certificate

PROGRAM = shutil.which("dovecot") or "/usr/sbin/dovecot"
MISSING = "dovecot-imapd is not installed, and could not be: apt-get install dovecot-imapd"
USER, PASSWORD = "support", "a secret of the mailbox"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
listen = 127.0.0.1
auth_mechanisms = plain login
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service stats {{
  chroot =
}}
"""


class ImapServer:
    """Plain and STARTTLS on `port`, TLS on `tls_port`; its certificate (for `localhost`) is cert.pem in its folder."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.folder, self.port, self.tls_port = folder, port, tls_port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What the desk is told of it."""
        return {
            "imap_host": "127.0.0.1",
            "imap_port": self.port,
            "imap_tls": "none",
            "imap_user": USER,
            "imap_password": PASSWORD,
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """With all its processes, which is what a torn-out plug looks like."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            self._process = None

    @contextmanager
    def client(self) -> Iterator[Any]:
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.login(USER, PASSWORD)
            yield client

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            for mail in mails:
                client.append(folder, mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def flags(self, folder: str = "INBOX") -> list[tuple[bytes, ...]]:
        """Of every mail in a folder."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["FLAGS"])
            return [tuple(one[b"FLAGS"]) for one in found.values()]


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    with tempfile.TemporaryDirectory(prefix="imap-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        root = os.geteuid() == 0
        mine = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        os.chown(folder / "mail", mine.pw_uid, mine.pw_gid)
        (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        certificate(folder)
        with socket.socket() as free, socket.socket() as other:
            free.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            port, tls_port = free.getsockname()[1], other.getsockname()[1]
        (folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=folder,
                port=port,
                tls_port=tls_port,
                uid=mine.pw_uid,
                gid=mine.pw_gid,
                internal="dovecot" if root else mine.pw_name,
                group="dovecot" if root else grp.getgrgid(mine.pw_gid).gr_name,
                login="dovenull" if root else mine.pw_name,
            )
        )
        server = ImapServer(folder, port, tls_port)
        try:
            server.start()
            yield server
        finally:
            server.stop()
