"""XML from outside, parsed without its dangers: entities, external references, DTDs.

Truncated XML is not well-formed, so whatever comes out of here arrived whole.
"""

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.errors import ListingFormatError

SHOWN_CHARS = 80


def parse_xml(content: bytes, expected: str) -> Element:
    """Return the root element; ``expected`` says in the error what it should have been.

    Raises `ListingFormatError` for anything that is not well-formed, complete XML without a DTD.
    """
    if not content.strip():
        raise ListingFormatError(f"The answer is empty; expected {expected}.")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ListingFormatError(
            f"The answer has a document type ({_beginning(content)}); expected {expected}."
        ) from error
    # Unknown and multi-byte encodings come as LookupError and ValueError.
    except (ParseError, ValueError, LookupError) as error:
        raise ListingFormatError(
            f"The answer is not complete XML ({error}; it begins {_beginning(content)}); "
            f"expected {expected}."
        ) from error
    return root


def text_of(element: Element | None) -> str | None:
    """Return the text directly inside an element, or None where there is none."""
    return element.text if element is not None else None


def _beginning(content: bytes) -> str:
    start = content[: SHOWN_CHARS * 4].decode("utf-8", "replace").strip()
    return repr(" ".join(start.split())[:SHOWN_CHARS])
