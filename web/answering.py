"""What the console's addresses answer: JSON, and a refusal in the words of whoever asked."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from broker.contract.messages import Language
from broker.contract.texts import texts

from .meanwhile import Told

MOST_BYTES: Final = 8_192  # of a question
NEVER_KEPT: Final = {"cache-control": "no-store"}


class Denied(Exception):
    """The answer is no: a status, a key of the texts, and what fills its blanks."""

    def __init__(
        self,
        status: int,
        reason: str,
        blanks: Mapping[str, str | int] = MappingProxyType({}),
        *,
        meanwhile: tuple[Told, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.blanks, self.meanwhile = status, reason, dict(blanks), meanwhile

    def answer(self, language: Language) -> Response:
        body = {
            "done": False,
            "reason": self.reason,
            "text": wording(self.reason, self.blanks, language),
            "args": self.blanks,
            "meanwhile": self.meanwhile,
        }
        return said(body, status=self.status)


class _Blanks(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def wording(reason: str, args: Mapping[str, str | int], language: Language) -> str:
    """Return a refusal in words: the console's own, or the hall's."""
    tables = texts(language)
    text = tables["console_refusal"].get(reason) or tables["refusal"].get(reason) or tables["refusal"]["other"]
    return text.format_map(_Blanks(args))


def said(body: object, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, NEVER_KEPT, "application/json")


async def asked(request: Request) -> dict[str, Any]:
    """Return what a page asks, and note in which language. Raises Denied where it is no JSON object of a sane size."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Denied(415, "not_understood", {"problem": "Content-Type: application/json"})
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Denied(413, "not_understood", {"problem": f"more than {MOST_BYTES} bytes"})
    try:
        found = msgspec.json.decode(bytes(body), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Denied(400, "not_understood", {"problem": str(error)}) from error
    request.state.lang = found.get("lang")
    return found


def language_of(value: object, otherwise: Language = Language.ZH) -> Language:
    return Language.EN if value == Language.EN.value else Language.ZH if value == Language.ZH.value else otherwise
