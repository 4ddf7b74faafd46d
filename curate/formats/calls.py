r"""Tool calls in their two spellings: ShareGPT's JSON text and OpenAI's list.

ShareGPT: `{"name": "f", "arguments": {"x": 1}}`, a list of them where there are several. OpenAI:
`[{"type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]`, arguments as
JSON text. Ids and the like travel along in both.
"""

from __future__ import annotations

import json
from typing import Any

from curate.errors import OutputError

Call = dict[str, Any]


def call_list(calls: Any, where: str) -> list[Call]:  # noqa: ANN401  # as records spell it
    """Calls as OpenAI spells them.

    Raises:
        OutputError: the text is no call.
    """
    if isinstance(calls, str):
        calls = _parse(calls, where)
    if isinstance(calls, dict):
        calls = [calls]
    return [_as_openai(_parse(call, where) if isinstance(call, str) else call) for call in calls]


def call_text(calls: Any, where: str, extra: Call) -> str:  # noqa: ANN401  # likewise
    """Calls as ShareGPT spells them; the very text they came from if `extra` holds it.

    Raises:
        OutputError: arguments that are no JSON.
    """
    original = extra.get("value")
    if isinstance(original, str) and call_list(original, where) == calls:
        del extra["value"]
        return original
    plain = [_as_plain(call, where) for call in call_list(calls, where)]
    return json.dumps(plain[0] if len(plain) == 1 else plain, ensure_ascii=False)


def _as_openai(call: Call) -> Call:
    if "function" in call:
        return call
    rest = {key: value for key, value in call.items() if key not in {"name", "arguments"}}
    call = {**call, "name": call.get("name"), "arguments": call.get("arguments", {})}
    function = {key: held for key, held in call.items() if key in {"name", "arguments"}}
    if not isinstance(function["arguments"], str):
        function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
    return rest | {"type": "function", "function": function}


def _as_plain(call: Call, where: str) -> Call:
    rest = {key: value for key, value in call.items() if key not in {"type", "function"}}
    plain = {**call["function"], **rest}
    if isinstance(plain.get("arguments"), str):
        plain["arguments"] = _parse(plain["arguments"], where)
    return plain


def _parse(text: str, where: str) -> Any:  # noqa: ANN401  # any JSON
    try:
        return json.loads(text)
    except ValueError:
        raise OutputError(f"{where}: the tool call is no JSON: {text[:40]!r}") from None
