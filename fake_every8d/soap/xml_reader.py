"""A reader of XML, node by node, forwards only, like .NET's `XmlReader`."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from itertools import chain
from xml.parsers import expat

DEEPEST = 1_000
"""The most elements open at once: .NET has no limit, but memory is limited."""

BLANKS = " \t\r\n"
"""The characters that are blank in XML."""

_AT_ONCE = 64 * 1024  # bytes that are parsed before the nodes in them are read
_NO_ROOT = "Data at the root level is invalid. Line 1, position 1."


class XmlError(ValueError):
    """The document cannot be read as XML. The text says why, and where."""

    def __init__(self, problem: str, runtime: str | None = None) -> None:
        super().__init__(problem)
        self.runtime = runtime or problem
        """.NET's message, where it is known."""


class Node(Enum):
    """The kinds of nodes."""

    START = auto()
    """The start of an element."""
    END = auto()
    """The end of an element."""
    LEAF = auto()
    """A whole element with only text in it, or nothing."""
    EMPTY = auto()
    """An element written `<a/>`."""
    TEXT = auto()
    """A text beside other nodes; also blanks by reference or in CDATA."""
    BLANK = auto()
    """Blanks between tags."""
    OTHER = auto()
    """A comment, a processing instruction, or blanks before or after the root."""
    NONE = auto()
    """The end of the document."""


_START, _END, _LEAF, _EMPTY, _TEXT, _BLANK, _OTHER, _NONE = Node

_Node = tuple[Node, str, str, Mapping[str, str]]
_NO_ATTRIBUTES: Mapping[str, str] = {}
_NOTHING: _Node = (_NONE, "", "", _NO_ATTRIBUTES)


class XmlReader:
    """A position in a document: at first, its first node.

    The document is in UTF-8, whatever its declaration says. Names are `namespace}name`, or just
    `name` without a namespace. Reading raises `XmlError` when it reaches a DTD or an error in
    the XML 1.0, not before.
    """

    def __init__(self, document: bytes) -> None:
        self._nodes = chain.from_iterable(_nodes(document))
        self.depth = 0
        """The number of open elements."""
        self.read()

    def read(self) -> None:
        """Move to the next node."""
        node, self.name, self.text, self.attributes = next(self._nodes, _NOTHING)
        self.node = node
        if node is _START:
            self.depth += 1
            if self.depth > DEEPEST:
                raise XmlError(f"more than {DEEPEST} elements are open at once")
        elif node is _END:
            self.depth -= 1

    def move_to_content(self) -> None:
        """Move to the next element's start or end, or text, unless already at one."""
        while self.node is _BLANK or self.node is _OTHER:
            self.read()

    def is_at(self, element: str) -> bool:
        """True if the next content is an element of that name."""
        self.move_to_content()
        return self.name == element and self.node is not _END

    @property
    def at_element(self) -> bool:
        """True if this node is an element."""
        return self.node is _LEAF or self.node is _START or self.node is _EMPTY

    @property
    def at_end(self) -> bool:
        """True if the open element has nothing more in it."""
        return self.node is _END or self.node is _NONE

    def skip(self) -> None:
        """Move past this node and everything in it."""
        if self.node is _START:
            self.close(self.depth)
        else:
            self.read()

    def close(self, depth: int) -> None:
        """Move past the end of the element whose start raised the depth to `depth`."""
        while self.depth >= depth:
            self.read()
        self.read()

    def read_element_string(self) -> str:
        """Return the text of this element, and move past its end.

        If it begins with another element, return that one's text and read no further: .NET's
        reader takes the inner end for both.
        """
        if self.node is _START:
            name = self.name.rpartition("}")[2]
            self.read()
            if self.node is not _LEAF:
                self.read()  # raises if the text is cut off
                raise XmlError(
                    f"{name} is read as text, and there is a comment or an element in it"
                )
        text = self.text
        self.read()
        return text


def _nodes(document: bytes) -> Iterator[list[_Node]]:
    """A document's nodes, in lists."""
    if document.startswith(BOM_UTF8):  # a second one: the first was removed
        raise XmlError("it begins with two byte order marks", _NO_ROOT)
    content = document.partition(b"\0")[0]  # NUL ends a document in .NET
    has_references = b"&#" in document
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.buffer_size = len(content) or 1  # else a long text arrives in many parts
    nodes: list[_Node] = []
    add = nodes.append
    parts: list[str] = []  # of one text, which may have many CDATA sections
    is_blank = True

    def add_text() -> None:
        nonlocal is_blank
        add((_BLANK if is_blank else _TEXT, "", "".join(parts), _NO_ATTRIBUTES))
        parts.clear()
        is_blank = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if parts:
            add_text()
        add((_START, name, "", attributes))

    def end(name: str) -> None:
        if parts:
            add_text()
        kind, _, text, attributes = nodes[-1]
        if kind is _START:
            here = parser.CurrentByteIndex  # behind the element, if it has only one tag
            kind = _EMPTY if document[here - 2 : here] == b"/>" else _LEAF
            nodes[-1] = (kind, name, "", attributes)
        elif (kind is _TEXT or kind is _BLANK) and nodes[-2][0] is _START:
            nodes.pop()
            nodes[-1] = (_LEAF, name, text, nodes[-1][3])
        else:
            add((_END, name, "", _NO_ATTRIBUTES))

    def text(data: str) -> None:
        nonlocal is_blank
        parts.append(data)
        if is_blank and (data.strip(BLANKS) or (has_references and is_reference())):
            is_blank = False

    def cdata() -> None:
        nonlocal is_blank
        parts.append("")  # an empty section is a text, too
        is_blank = False

    def is_reference() -> bool:
        """True if there is a reference in the text between the last tag and this one."""
        here = parser.CurrentByteIndex
        return b"&" in document[document.rfind(b">", 0, here) : here]

    def other(*_: str) -> None:
        if parts:
            add_text()
        add((_OTHER, "", "", _NO_ATTRIBUTES))

    def rest(data: str) -> None:
        if data.strip(BLANKS):
            return  # the end of a CDATA section
        # Outside the root .NET allows blanks, and refuses other text.
        here = parser.CurrentByteIndex + len(data)
        if document[here : here + 1].strip(b"< \t\r\n"):
            raise XmlError("there is text outside the root", _NO_ROOT)
        other()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartCdataSectionHandler = cdata
    parser.CommentHandler = other
    parser.ProcessingInstructionHandler = other
    parser.DefaultHandler = rest
    parser.XmlDeclHandler = _check_declaration
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for chunk, is_last in _chunks(content):
            try:
                parser.Parse(chunk, is_last)
            except (expat.ExpatError, XmlError) as error:
                before = content[: parser.ErrorByteIndex]
                parser.buffer_text = False  # flushes the text up to there
                if parts:
                    add_text()
                yield nodes
                if isinstance(error, XmlError):
                    raise
                raise _error(error, nodes, before) from None
            # The last two may still be merged.
            yield nodes[:-2]
            del nodes[:-2]
        yield nodes
    finally:  # else a reference cycle, left to the garbage collector
        parser.EndElementHandler = parser.CharacterDataHandler = parser.DefaultHandler = None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bool]]:
    """Parts of a document, and whether each is the last.

    A part ends with ">", so that blanks between two tags are never split.
    """
    begin = 0
    while end := content.find(b">", begin + _AT_ONCE) + 1:
        yield content[begin:end], False
        begin = end
    yield content[begin:], True


def _check_declaration(version: str, *_: object) -> None:
    if version != "1.0":
        raise XmlError(f"Version number '{version}' is invalid. Line 1, position 16.")


def _refuse_doctype(*_: object) -> None:
    raise XmlError(
        "it has a DOCTYPE", "For security reasons DTD is prohibited in this XML document."
    )


def _error(error: expat.ExpatError, nodes: list[_Node], before: bytes) -> XmlError:
    line, column = error.lineno, error.offset + 1
    problem = f"{expat.ErrorString(error.code)}: line {line}, column {column}"
    if all(node[0] is _OTHER for node in nodes):
        return XmlError(problem, _NO_ROOT)
    if before.endswith(b"&"):
        entity = "An error occurred while parsing EntityName."
        return XmlError(problem, f"{entity} Line {line}, position {column}.")
    return XmlError(problem)
