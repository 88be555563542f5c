"""Writing without waiting for the reader."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fake_every8d.control import log
from fake_every8d.control.log import Writer
from fake_every8d.control.readable import printable
from tests.waiting import wait_for


def dropped(count: int) -> str:
    return f"{count} dropped\n"


@contextmanager
def piped(encoding: str = "utf-8") -> Iterator[tuple[io.TextIOWrapper, int]]:
    """A text stream into a pipe, and the end to read from."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding=encoding) as stream:
        yield stream, reading
    os.close(reading)


def read_all(reading: int) -> bytes:
    os.set_blocking(reading, False)
    found = b""
    try:
        while piece := os.read(reading, 65_536):
            found += piece
    except BlockingIOError:
        pass
    return found


def test_written_text_is_there_when_the_writer_ends() -> None:
    with piped() as (stream, reading):
        with Writer(stream, dropped) as writer:
            writer.write("預約\n")
            writer.write("two\n")
        assert read_all(reading).decode() == "預約\ntwo\n"


def test_slow_reader_of_the_log_does_not_block_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "_CLOSE_SECONDS", 30)
    line = "x" * 999 + "\n"
    with piped() as (stream, reading):
        with Writer(stream, dropped) as writer:
            for _ in range(3000):  # three times what may wait
                writer.write(line)
            found = bytearray()

            def noted() -> bool:
                found.extend(read_all(reading))
                return b"dropped" in found

            wait_for(noted)
            writer.write("again\n")
        found.extend(read_all(reading))
    lines = found.decode().splitlines()
    kept = lines.count(line.rstrip())
    assert 900 < kept < 3000
    notes = [each for each in lines if "dropped" in each]  # two, if it wrote in between
    assert sum(int(note.split()[0]) for note in notes) == 3000 - kept
    assert lines.count("again") == 1
    assert len(lines) == kept + len(notes) + 1


def test_text_written_while_the_writer_ends_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pipe is full, and read only after the end has been asked for."""
    monkeypatch.setattr(log, "_CLOSE_SECONDS", 30)
    line = "x" * 999 + "\n"
    found = bytearray()
    with piped() as (stream, reading):
        writer = Writer(stream, dropped)
        for _ in range(200):  # thrice what a pipe holds
            writer.write(line)
        wait_for(lambda: not writer._texts)  # it writes, and is stuck
        writer.write("while it wrote\n")
        closing = threading.Thread(target=writer.__exit__)
        closing.start()
        wait_for(writer._closing.is_set)
        while closing.is_alive():
            found.extend(read_all(reading))
            closing.join(0.01)
        found.extend(read_all(reading))
    assert found.decode() == line * 200 + "while it wrote\n"


def test_it_ends_though_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_CLOSE_SECONDS", 0.1)
    with piped() as (stream, _), Writer(stream, dropped) as writer:
        writer.write("x" * 900_000)


@pytest.mark.parametrize("encoding", ["cp950", "cp1252", "ascii"])
def test_unencodable_characters_are_escaped(encoding: str) -> None:
    with piped(encoding) as (stream, reading):
        with Writer(stream, dropped) as writer:
            writer.write("😀\n")
        assert read_all(reading) == b"\\U0001f600\n"


def test_an_encoding_of_its_own_outranks_the_streams() -> None:
    with piped("ascii") as (stream, reading):
        with Writer(stream, dropped, "utf-8") as writer:
            writer.write("預約\n")
        assert read_all(reading).decode() == "預約\n"


def test_a_closed_stream_is_no_reason_to_fail() -> None:
    with Writer(None, dropped) as writer:
        writer.write("x")
    with piped() as (stream, _):
        stream.close()
        with Writer(stream, dropped) as writer:
            writer.write("x")


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\x1b", "\n", "\u2028", "\x00"])
def test_nothing_turns_a_line_around_or_breaks_it(mark: str) -> None:
    assert printable(f"a{mark}b") == "a b"
    assert printable(f"a{mark}b" + "x" * 300) == "a b" + "x" * 296 + "…"


def test_text_that_can_be_printed_stays_as_it_is() -> None:
    assert printable("驗證碼 483920 😀") == "驗證碼 483920 😀"
