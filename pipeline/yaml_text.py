"""The text of a YAML file as plain values, with what people mistype refused by line.

Of YAML's plain words only `true`, `false`, `null` and decimal numbers are more than text: YAML 1.1 would read
`22:51` as 1371, `010` as 8 and `no` as false, and a date that does not exist would be a traceback.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

DIGITS = re.compile(r"\d+")


class YamlFault(Exception):
    """What is wrong with a text, with its line where that is known."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with fewer kinds of plain words."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own attribute)


TAG = "tag:yaml.org,2002:"
for _kind, _words, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?\d+", "-+0123456789"),
    ("float", r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(TAG + _kind, re.compile(rf"^(?:{_words})$", re.ASCII), list(_first))
_Loader.add_constructor(TAG + "int", lambda _, node: int(node.value))


def parse_yaml(text: str) -> object:
    """The values of a text. Raises YamlFault for a text that is no YAML or that says one thing twice."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return None
        for mapping in _mappings(root):
            _check_keys(mapping)
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise YamlFault(_told(error, text)) from None
    except RecursionError:
        raise YamlFault("is nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise YamlFault(str(error)) from None


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Every mapping of a document once, however often it is referred to."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _check_keys(mapping: yaml.MappingNode) -> None:
    """Keys are words, and each is there once."""
    lines: dict[str, int] = {}
    before = None
    for key, value in mapping.value:
        line = key.start_mark.line + 1
        if key.tag == TAG + "merge":
            continue
        if before is not None and _is_decimal_comma(before[1], key, value):
            name, whole = before[0].value, before[1].value
            raise YamlFault(
                f"line {line}: {name} = {whole},{key.value} has a decimal comma; "
                f"write {name}: {whole}.{key.value}"
            )
        if key.tag != TAG + "str":
            shown = f" {key.value}" if isinstance(key, yaml.ScalarNode) else ""
            raise YamlFault(f"line {line}: the key{shown} is not a word; put it in quotes, or mend the line")
        if key.value in lines:
            raise YamlFault(
                f"line {line}: {key.value} is given twice, first in line {lines[key.value]}; keep one of them"
            )
        lines[key.value] = line
        before = key, value


def _is_decimal_comma(before: yaml.Node, key: yaml.Node, value: yaml.Node) -> bool:
    """Whether `{lon: 6,0}` was meant as 6.0: to YAML the digits after the comma are a key without a value."""
    return (
        before.tag == TAG + "int"
        and isinstance(key, yaml.ScalarNode)
        and DIGITS.fullmatch(key.value) is not None
        and value.tag == TAG + "null"
    )


def _told(error: yaml.MarkedYAMLError, text: str) -> str:
    """What the parser found, by line, and what it mostly is."""
    mark = error.problem_mark or error.context_mark
    problem = " ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return problem
    lines = text.splitlines()
    near = [k for k in (mark.line, mark.line - 1) if 0 <= k < len(lines) and "\t" in lines[k]]
    if near:
        return f"line {near[0] + 1}: holds a tab, which YAML does not take; write blanks instead"
    hint = "; text with a colon in it needs quotes" if "mapping values" in problem else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}{hint}"
