"""XML node by node, as .NET's reader has it."""

import gc
import tracemalloc

import pytest

from fake_every8d.soap.xml_reader import Node, XmlError, XmlReader


def nodes(document: str) -> list[tuple[Node, str]]:
    reader = XmlReader(document.encode())
    read = []
    while reader.node is not Node.NONE:
        read.append((reader.node, reader.name or reader.text))
        reader.read()
    return read


def test_its_nodes() -> None:
    document = '<a xmlns="u">x<b/><c></c>\n<d y="1">t<![CDATA[<]]>&amp;</d><!-- no --></a>\n'
    assert nodes(document) == [
        (Node.START, "u}a"),
        (Node.TEXT, "x"),
        (Node.EMPTY, "u}b"),
        (Node.LEAF, "u}c"),
        (Node.BLANK, "\n"),
        (Node.LEAF, "u}d"),
        (Node.OTHER, ""),
        (Node.END, "u}a"),
        (Node.OTHER, ""),
    ]


@pytest.mark.parametrize("size", [10, 100_000])
def test_xml_error_is_raised_only_when_reached(size: int) -> None:
    reader = XmlReader(b"<a>" + b"<b>1</b>" * size + b"& </a>")
    reader.read()
    for _ in range(size - 1):
        assert reader.read_element_string() == "1"
    assert reader.name == "b"
    with pytest.raises(XmlError, match="line 1, column"):
        reader.read()


@pytest.mark.parametrize(
    ("document", "runtime"),
    [
        ("", "Data at the root level is invalid. Line 1, position 1."),
        ("userID=demo", "Data at the root level is invalid. Line 1, position 1."),
        ("<!DOCTYPE a><a/>", "For security reasons DTD is prohibited in this XML document."),
        ('<?xml version="1.1"?><a/>', "Version number '1.1' is invalid. Line 1, position 16."),
        ("<a>\nx & y</a>", "An error occurred while parsing EntityName. Line 2, position 4."),
    ],
)
def test_errors_of_broken_xml_are_nets(document: str, runtime: str) -> None:
    with pytest.raises(XmlError) as caught:
        nodes(document)
    assert caught.value.runtime == runtime


def test_zeros_at_the_end_are_the_end() -> None:
    assert nodes("<a/>\0\0") == [(Node.EMPTY, "a")]


def test_a_text_in_pieces_is_one_text() -> None:
    text = "簡訊 & " * 50_000
    reader = XmlReader(f"<a>{text.replace('&', '&amp;')}</a>".encode())
    assert (reader.node, reader.text) == (Node.LEAF, text)


def test_very_many_sections_are_one_text_in_a_moment() -> None:
    many = 700_000  # as a request of 10 MiB may have; one by one they would take minutes
    reader = XmlReader(b"<a>" + b"<![CDATA[x]]>" * many + b"</a>")
    assert (reader.node, len(reader.text)) == (Node.LEAF, many)


@pytest.mark.parametrize("inside", ["<![CDATA[]]>", " <![CDATA[ ]]> ", "&#32;", " &#10; "])
def test_blanks_by_reference_or_in_a_section_are_text(inside: str) -> None:
    assert [kind for kind, _ in nodes(f"<a>{inside}<b/> <b/></a>")] == [
        Node.START,
        Node.TEXT,
        Node.EMPTY,
        Node.BLANK,
        Node.EMPTY,
        Node.END,
    ]


def test_elements_without_end_cost_no_memory() -> None:
    document = b"<a>" + b"<b/>" * 100_000 + b"</a>"
    tracemalloc.start()
    reader = XmlReader(document)
    while reader.node is not Node.NONE:
        reader.read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000  # a tuple and a dictionary for each would be several times that


def test_a_reader_leaves_nothing_to_the_collector() -> None:
    nodes("<a>x</a>")
    gc.collect()
    gc.disable()
    try:
        nodes("<a><b/>x</a>")
        assert gc.collect() == 0
    finally:
        gc.enable()
