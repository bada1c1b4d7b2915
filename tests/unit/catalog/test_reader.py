"""The strict YAML reader: what it keeps, what it refuses and where, and that refusing is quick."""

import time
from pathlib import Path

import pytest
import yaml

from bot.catalog import reader
from bot.catalog.problems import Problem
from bot.catalog.reader import MAX_BYTES, RefusedError, line_of, locate, parse, read

REFUSED = {
    "nothing": ("", 1, "the file is empty"),
    "only a comment": ("# soon\n", 1, "the file is empty"),
    "two documents": ("a: b\n---\nc: d\n", 2, "a second document begins here"),
    "duplicate key": ("a: b\nc:\n  d: 1\n  e: 2\n  d: 3\n", 5, "`d` is here for the second time"),
    "anchor": ("a: b\nc: &x d\n", 2, "an anchor (`&name`) is not allowed"),
    "anchor on a list": ("a: b\nc: &x [d]\n", 2, "an anchor (`&name`) is not allowed"),
    "anchor on a key": ("a: b\n&x c: d\n", 2, "an anchor (`&name`) is not allowed"),
    "alias": ("a: b\nc: *x\n", 2, "an alias (`*name`) is not allowed"),
    "alias as a key": ("a: b\n*x : d\n", 2, "an alias (`*name`) is not allowed"),
    "tag": ("a: b\nc: !!python/object/apply:os.system [id]\n", 2, "a tag (`!name`) is not allowed"),
    "plain tag": ("a: b\nc: ! d\n", 2, "a tag (`!name`) is not allowed"),
    "depth": ("a:\n" + "".join("  " * n + "-\n" for n in range(1, 15)), 13, "nested more than 12 levels deep"),
    "list as a key": ("a: b\n[c, d]: e\n", 2, "a list or mapping cannot be a key"),
    "values without end": ("-\n" * 6000, 5000, "more than 5000 values"),
    "a colon in plain text": ("a: b\nc: d: e\n", 2, "put quotes around text that holds `: `"),
    "a tab": ("a:\n\tb: c\n", 2, "this is not YAML (found character"),
    "an open quote": ('a: b\nc: "d\n', 3, "this is not YAML"),
    "a control character": ("a: b\nc: d\x07\n", 2, "invisible control character"),
}


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml's parser, and PyYAML's own, which is used where libyaml is not there."""
    monkeypatch.setattr(reader, "_parser", getattr(yaml, str(request.param)))


@pytest.mark.usefixtures("either_parser")
def test_scalars_stay_what_was_typed() -> None:
    text = (
        "a: 22:30\nb: no\nc: 2026-11-23\nd: 010\ne: ~\nf:\ng: 'q'\nh: |\n  one\n  two\ni: >-\n  three\n  four\n<<: m\n"
    )
    assert parse(text) == {
        "a": "22:30",
        "b": "no",
        "c": "2026-11-23",
        "d": "010",
        "e": "~",
        "f": "",
        "g": "q",
        "h": "one\ntwo\n",
        "i": "three four",
        "<<": "m",
    }


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_with_the_line(text: str, line: int, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(text)
    assert message in refused.value.message
    assert refused.value.line == line


def billion_laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


HOSTILE = {
    "aliases": billion_laughs(),
    "brackets": "[" * 40_000,
    "brackets on lines": "[\n" * 30_000,
    "braces": "{" * 40_000,
    "nested pairs": "{a: " * 10_000,
    "dashes": "- " * 20_000,
    "question marks": "? " * 20_000,
    "flat lists": "[" + "[]," * 20_000,
    "bangs": "!" * 60_000,
    "open quote": '"' + "x" * 60_000,
    "long key": "a" * 60_000 + ": b: c",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_refuses_hostile_files_at_once(text: str) -> None:
    assert min(seconds_to_refuse(text) for _ in range(3)) < 0.1  # the quickest: something else may take time too


def seconds_to_refuse(text: str) -> float:
    started = time.process_time()
    with pytest.raises(RefusedError):
        parse(text)
    return time.process_time() - started


def test_locates_keys_entries_and_nearest_parents() -> None:
    text = "# first\na: 1\nb:\n  c:\n    - d: >-\n        long\n        text\n      e: [x,\n        y]\n"
    assert locate(text, ()) == 1
    assert locate(text, ("a",)) == 2
    assert locate(text, ("b", "c")) == 4
    assert locate(text, ("b", "c", 0)) == 5
    assert locate(text, ("b", "c", 0, "d")) == 5
    assert locate(text, ("b", "c", 0, "e", 1)) == 9
    assert locate(text, ("b", "c", 0, "missing")) == 5
    assert locate(text, ("b", "c", 7)) == 4
    assert locate(text, ("a", "inside a text")) == 2


def test_lines_of_a_file_that_changed_meanwhile_are_its_top(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: b\nc: d\n")
    assert line_of(path, ("c",)) == 2
    path.write_text("[" * 40_000)
    assert line_of(path, ("c",)) == 1
    path.unlink()
    assert line_of(path, ("c",)) == 1


def refusal(path: Path) -> Problem:
    found = read(path)
    assert isinstance(found, Problem)
    return found


def test_reads_utf_8_with_and_without_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffname: Café\r\n".encode())
    assert read(path) == {"name": "Café"}


def test_refuses_other_encodings_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: b\nname: Café\n".encode("latin-1"))
    assert str(refusal(path)) == f"{path}:2: this is not UTF-8 text: save the file with the encoding UTF-8"


def test_reads_files_up_to_the_limit_and_no_larger(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: " + "b" * (MAX_BYTES - 3))
    assert isinstance(read(path), dict)
    path.write_text("a: " + "b" * (MAX_BYTES - 2))
    assert refusal(path).message == "the file has 65537 bytes, at most 65536 are read: split it"


def test_refuses_what_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert refusal(tmp_path / "folder.yaml").message == "this is not a file: rename or remove it"


def test_refuses_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    assert refusal(tmp_path / "gone.yaml").message == "the link points nowhere: mend or remove it"
    assert "the file cannot be read (Too many levels of symbolic links)" in refusal(tmp_path / "loop.yaml").message
