"""Backups: one tar file with the database's dump, the uploaded files and the secret key."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import asyncpg

from deskbell.embedded import EmbeddedError, binaries
from deskbell.settings import SECRET_FILE, Settings

DUMP = "database.dump"
FILES = "files"
ASIDE = "before_restore"
RESTORE = ("--exit-on-error", "--single-transaction", "--clean", "--if-exists")


class BackupError(Exception):
    """A backup cannot be made or brought back; the text is one sentence."""


def save(settings: Settings, target: Path) -> None:
    """Write the backup to `target`, whole or not at all. Files in a bucket are the bucket's own to keep.

    The dump is one snapshot and taken first: a file uploaded meanwhile is saved too much, never missing.
    """
    beside = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".deskbell-") as folder:
            dump = Path(folder) / DUMP
            _tool("pg_dump", settings, "--format=custom", "--schema=public", f"--file={dump}")
            with tarfile.open(beside, "w") as tar:
                beside.chmod(0o600)
                tar.add(dump, DUMP)
                key = settings.secret_key()
                entry = tarfile.TarInfo(SECRET_FILE)
                entry.size, entry.mode = len(key), 0o600
                tar.addfile(entry, io.BytesIO(key))
                if settings.files_folder.is_dir():
                    tar.add(settings.files_folder, FILES)
        beside.replace(target)
    except OSError as error:
        raise BackupError(f"The backup cannot be written to {target}: {error.strerror}.") from None
    finally:
        beside.unlink(missing_ok=True)


async def bring_back(settings: Settings, source: Path, *, replace: bool) -> None:
    """Fill the database and the data folder from `source`. A database with tables needs `replace`.

    What was there is put aside first and comes back when the restore fails.
    """
    connection = await asyncpg.connect(settings.database_url)
    try:
        filled = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if filled and not replace:
            raise BackupError("There is data in the database already: add --replace to replace it.")
        with tempfile.TemporaryDirectory(dir=settings.data, prefix=".restore-") as folder:
            _unpack(source, Path(folder))
            await connection.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}; CREATE SCHEMA public")
            try:
                _tool("pg_restore", settings, *RESTORE, str(Path(folder) / DUMP))
            except BackupError:
                await connection.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {ASIDE} RENAME TO public")
                raise
            await connection.execute(f"DROP SCHEMA {ASIDE} CASCADE")
            _move(Path(folder), settings)
    finally:
        await connection.close()


def _unpack(source: Path, folder: Path) -> None:
    """Write the plain files of the archive below `folder`; nothing else in it is believed."""
    try:
        with tarfile.open(source) as tar:
            for entry in tar:
                path = PurePosixPath(entry.name)
                known = entry.name in (DUMP, SECRET_FILE) or path.parts[:1] == (FILES,)
                content = (
                    tar.extractfile(entry) if entry.isreg() and known and ".." not in path.parts else None
                )
                if content is not None:
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    with (folder / path).open("wb") as target:
                        shutil.copyfileobj(content, target)
    except tarfile.TarError:
        raise BackupError(f"{source} is not a backup, or only a part of one.") from None
    except OSError as error:
        raise BackupError(f"{source} cannot be unpacked: {error.strerror}.") from None
    if not (folder / DUMP).is_file():
        raise BackupError(f"{source} holds no {DUMP}: it was not written by `deskbell backup`.")


def _move(unpacked: Path, settings: Settings) -> None:
    key = unpacked / SECRET_FILE
    if key.is_file() and not settings.secret:
        key.chmod(0o600)
        key.replace(settings.data / SECRET_FILE)
    if (unpacked / FILES).is_dir():
        shutil.rmtree(settings.files_folder, ignore_errors=True)
        (unpacked / FILES).rename(settings.files_folder)


def _tool(program: str, settings: Settings, *words: str) -> None:
    """Run pg_dump or pg_restore on the database; the password does not show in a list of processes."""
    try:
        found = binaries.find(settings.pg_bin)
    except EmbeddedError as error:
        raise BackupError(str(error)) from None
    parts = urlsplit(settings.database_url)
    secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    shown = settings.database_url.replace(f":{parts.password}@", "@", 1) if secret else settings.database_url
    command = [found[program], "--dbname", shown, "--no-owner", "--no-acl", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=secret)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BackupError(f"{program} failed: {last.rstrip('.')}.")
