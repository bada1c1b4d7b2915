"""`python -m tests.deploy.image`: the steps of deploy/Dockerfile without a container engine, and the bot in the result.

The steps are read from the Dockerfile itself. RUN happens in a folder that stands for the image, with this machine's
/usr read-only below it; afterwards everything but /data and /tmp is read-only, and the user is the image's.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.deploy import ROOT
from tests.deploy.box import Box, interpreter_mounts, missing
from tests.deploy.recipe import DOCKERFILE, Ignored, Stage, Step, stages
from tests.deploy.trials import Report, attempt, commands, online

SYSTEM = ("usr", "etc", "lib", "lib64", "bin", "sbin")
SHELLS = ("bash", "dash", "sh", "busybox")
OF_THE_INSTALLER = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "REQUESTS_")
"""How this machine reaches its package index; the image itself knows nothing of it."""

NOT_SHOWN = {
    "the base image": "this machine's own /usr and Python stood in for it",
    "the engine": "its limits of memory and processes, its call filter, the owner of a fresh volume, when it asks the "
    "health check, and a build on another processor",
}

REFUSED = """
import errno, os, sys
for place in ("/app/x", "/venv/x", "/x", "/usr/x", "/app/content/x"):
    try:
        os.open(place, os.O_CREAT | os.O_WRONLY)
    except OSError as error:
        assert error.errno in (errno.EROFS, errno.EACCES), (place, error)
    else:
        sys.exit(f"{place} can be written")
for place in ("/data/x", "/tmp/x"):
    os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
    os.unlink(place)
try:
    os.execv("/bin/sh", ["sh", "-c", "exit 3"])
except OSError:
    print(os.getuid(), os.getpid())
"""


@dataclass(frozen=True)
class Image:
    """What has been built so far: a folder for each stage."""

    scratch: Path
    base: Path
    """A Python with pip, in the place of the base image's."""

    def root(self, stage: str) -> Path:
        return self.scratch / (stage or "final")

    def build(self, stage: Stage) -> None:
        root, here = self.root(stage.name), "/"
        for folder in ("proc", "dev", "tmp", "base", *(name for name in SYSTEM if not Path("/", name).is_symlink())):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for name in (name for name in SYSTEM if Path("/", name).is_symlink()):
            (root / name).symlink_to(Path("/", name).readlink())
        for step in stage.steps:
            if step.word == "WORKDIR":
                here = step.text
                (root / here.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif step.word == "COPY":
                self._copy(step, root, here)
            elif step.word == "RUN":
                self._run(step, root, here)

    def _copy(self, step: Step, root: Path, here: str) -> None:
        *sources, target = step.words
        place = root / target.lstrip("/") if target.startswith("/") else root / here.lstrip("/") / target
        stage = step.flags.get("from")
        for source in sources:
            if stage:
                shutil.copytree(self.root(stage) / source.lstrip("/"), place, symlinks=True)
            else:
                _copy_sent(source, place, Ignored.read())

    def _run(self, step: Step, root: Path, here: str) -> None:
        environment = {"PATH": "/base/bin:/usr/bin:/bin", "HOME": "/tmp"}  # noqa: S108 - inside, and its own
        environment |= {name: value for name, value in os.environ.items() if name.startswith(OF_THE_INSTALLER)}
        mounts = ["--bind", str(root), "/", *self._system(), "--ro-bind", str(self.base), "/base", "--tmpfs", "/tmp"]  # noqa: S108
        words = ["bwrap", "--die-with-parent", "--clearenv", *mounts, "--dev", "/dev", "--proc", "/proc"]
        words += [word for pair in environment.items() for word in ("--setenv", *pair)]
        words += ["--chdir", here, "sh", "-euc", step.text]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        if ended.returncode:
            raise SystemExit(f"RUN {step.text}\n{ended.stdout}{ended.stderr}\nexit status {ended.returncode}")

    def _system(self) -> list[str]:
        found = [name for name in SYSTEM if Path("/", name).is_dir() and not Path("/", name).is_symlink()]
        return [word for name in found for word in ("--ro-bind", f"/{name}", f"/{name}")] + interpreter_mounts()

    def box(self, stage: Stage) -> Box:
        """The finished image, as `docker run --read-only` would show it."""
        data, user = self.scratch / "volume", next(text for text in stage.texts("USER"))
        shutil.copytree(self.root("") / "data", data)
        uid = int(user.partition(":")[0])
        os.chown(data, uid, uid)
        shells = [f"/usr/bin/{name}" for name in SHELLS if Path(f"/usr/bin/{name}").is_file()]
        mounts = ["--ro-bind", str(self.root("")), "/", *self._system(), "--bind", str(data), "/data"]
        mounts += [word for path in shells for word in ("--ro-bind", "/dev/null", str(Path(path).resolve()))]
        environment = {**stage.environment, "PATH": stage.environment["PATH"].partition(":")[0]}
        return Box(mounts, environment, stage.texts("WORKDIR")[-1], "/venv/bin/python", {"RLIMIT_CORE": 0}, uid)


def _copy_sent(source: str, place: Path, ignored: Ignored) -> None:
    """Copy what the engine would be sent of a file or folder of the repository."""
    path = ROOT / source.rstrip("/")
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    for file in files:
        if ignored.sent(file.relative_to(ROOT).as_posix()):
            target = place / (file.name if path.is_file() else file.relative_to(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def _size(folder: Path) -> float:
    """MiB."""
    return sum(each.lstat().st_size for each in folder.rglob("*") if not each.is_dir()) / 2**20


def _unfit(stage: Stage) -> str | None:
    """Why the steps cannot be taken on this machine, if so."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if f":{ours}-" not in stage.base:
        return f"the image is {stage.base}, and this is Python {ours}"
    return missing()


def main() -> int:
    *building, last = stages(DOCKERFILE.read_text("utf-8"))
    if why := _unfit(last):
        sys.stdout.write(f"image-steps: NOT SHOWN: {why}\n")
        return 0
    report = Report()
    with tempfile.TemporaryDirectory(prefix="spoonful-image-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        subprocess.run([sys.executable, "-m", "venv", str(scratch / "base")], check=True)
        image, began = Image(scratch, scratch / "base"), time.monotonic()
        for stage in (*building, last):
            image.build(stage)
        report.note("the steps of deploy/Dockerfile", time.monotonic() - began, "", good=True)
        root = image.root("")
        sizes = ", ".join(f"{path} {_size(root / path.lstrip('/')):.0f} MiB" for path in ("/venv", "/app"))
        sys.stdout.write(f"                  on top of the base image: {sizes}\n")
        _try(report, image.box(last), last)
    return report.close(NOT_SHOWN)


def _try(report: Report, box: Box, stage: Stage) -> None:
    [entry] = json.loads(stage.texts("ENTRYPOINT")[-1])
    _, _, health = stage.texts("HEALTHCHECK")[-1].partition("CMD ")
    said = attempt(report, "only /data and /tmp can be written, no shell starts", box, "python", "-c", REFUSED)
    sys.stdout.write(f"                  user and process: {said.strip()}\n")
    commands(report, box, entry, "python")
    asyncio.run(online(report, box, entry, *json.loads(health)))


if __name__ == "__main__":
    sys.exit(main())
