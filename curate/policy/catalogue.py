"""The rules and packs there are: those that come with curate, and the user's own over them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from curate.errors import RuleError, UsageError, in_plain_words
from curate.policy.pack import Own, Pack
from curate.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

T = TypeVar("T", bound=BaseModel)


def load_rules(own: Own | Sequence[str | Path] = ()) -> dict[str, Rule]:
    """The rules that come with curate and the user's own, by code, in alphabetical order.

    One of the user's own replaces curate's of the same code.

    Raises:
        RuleError: a file that is no rule, naming the file and the field.
    """
    return dict(sorted({**_shipped_rules(), **load_own(own).rules}.items()))


def load_pack(name: str, own: Own | Sequence[str | Path] = ()) -> Pack:
    """A pack by name: the user's own, else curate's."""
    packs = {**_packs_in(files("curate.rules")), **load_own(own).packs}
    if name not in packs:
        raise UsageError(f"no pack is named {name!r}; there are {', '.join(sorted(packs))}")
    return packs[name]


def load_own(own: Own | Sequence[str | Path]) -> Own:
    """What folders of rules and packs hold, the later over the earlier; what was read stays so.

    Raises:
        RuleError: a file that is no rule or no pack.
        UsageError: no such folder.
    """
    if isinstance(own, Own):
        return own
    rules: dict[str, Rule] = {}
    packs: dict[str, Pack] = {}
    for folder in map(_folder, own):
        rules |= _own_rules(folder)
        packs |= _packs_in(folder)
    return Own(folders=tuple(map(str, own)), rules=rules, packs=packs)


@cache
def _shipped_rules() -> dict[str, Rule]:
    """Those that come with curate, read once; `check` is the tests' business, a quarter second."""
    return _rules_in(files("curate.rules"))


def _own_rules(folder: Path) -> dict[str, Rule]:
    from curate.policy.check import check  # takes polars, which curate's own rules do without

    rules = _rules_in(folder)
    for rule in rules.values():
        check(rule, folder / f"{rule.code}.yaml")
    return rules


def _rules_in(folder: Traversable) -> dict[str, Rule]:
    rules = {}
    for file in _yaml_files(folder):
        rule = _load(file, Rule)
        if file.name.removesuffix(".yaml") != rule.code:
            raise RuleError(f"{file}: the file of rule {rule.code} is named {rule.code}.yaml")
        rules[rule.code] = rule
    return rules


def _packs_in(folder: Traversable) -> dict[str, Pack]:
    packs = [_load(file, Pack) for file in _yaml_files(folder / "packs")]
    return {pack.name: pack for pack in packs}


def _folder(path: str | Path) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"{path} is not a folder of rules")
    return folder


def _yaml_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted(
        (one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name
    )


def _load(file: Traversable, model: type[T]) -> T:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return model.model_validate(yaml.load(file.read_text("utf-8"), loader))  # noqa: S506 - safe loader
    except OSError as error:
        raise RuleError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RuleError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise RuleError(f"{file}: {_explain(error, model)}") from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the rule"
    return f"{where}: {in_plain_words(first, model.model_fields)}"
