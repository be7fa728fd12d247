"""What the interactive view says of a graph, as short plain text: totals, and a card a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from keraslab.draw._look import PLAIN, Look

UNKNOWN = "unknown"
LONGEST = 120
MOST_SHAPES = 4

JsonDict = dict[str, Any]


def totals(graph: JsonDict) -> str:
    """The line over a picture: parameters, multiply-accumulates and calls.

    Args:
        graph: What ``graph_json`` gives.

    Example:
        >>> import keras
        >>> from keraslab.draw._json import graph_json
        >>> from keraslab.graph import read_graph
        >>> x = keras.Input((4,))
        >>> totals(graph_json(read_graph(keras.Model(x, keras.layers.Dense(2)(x)))))
        '10 parameters · 8 MACs per sample · 1 call'
    """
    calls = [call for call in graph["calls"] if call["kind"] != "input"]
    word = "call" if len(calls) == 1 else "calls"
    least = "at least " if graph["totals"]["unknown_params"] else ""
    return (
        f"{least}{graph['totals']['params']:,} parameters · {_macs(calls)} MACs per sample · "
        f"{len(calls):,} {word}"
    )


def cards(graph: JsonDict, opened: Collection[str] | None = None, look: Look = PLAIN) -> JsonDict:
    """A card for every node that is to be seen, open groups among them.

    Args:
        graph: What ``graph_json`` gives.
        opened: Ids of the groups drawn open; None for the cards of all calls and groups.
        look: What else there is to say: what is new, what changed.

    Returns:
        ``{id: {"title", "type", "rows", "group", "parent"}}``, ready for JSON.
    """
    inside: dict[str, list[JsonDict]] = {group["id"]: [] for group in graph["groups"]}
    parents = {group["id"]: group["parent"] for group in graph["groups"]}
    for call in graph["calls"]:
        at = call["group"]
        while at is not None:
            inside[at].append(call)
            at = parents[at]
    visible: dict[str | None, bool] = {None: True}
    for id_, parent in parents.items():  # parents come first
        visible[id_] = visible[parent] and (opened is None or id_ in opened)
    shown = [group for group in graph["groups"] if visible[group["parent"]]]
    folded = {group["id"] for group in shown if not visible[group["id"]]}
    ends = _ends(graph, parents, folded)
    made = {
        group["id"]: _group_card(group, inside[group["id"]], ends.get(group["id"], ([], [])), look)
        for group in shown
    }
    calls = {
        call["id"]: _call_card(call, look) for call in graph["calls"] if visible[call["group"]]
    }
    return made | calls


def _ends(
    graph: JsonDict, parents: JsonDict, wanted: Collection[str]
) -> dict[str, tuple[list[JsonDict], list[JsonDict]]]:
    """The tensors that enter and leave each of the wanted groups, each tensor once."""
    if not wanted:
        return {}
    around: dict[str | None, list[str]] = {None: []}
    for id_, parent in parents.items():  # parents come first
        around[id_] = [*around[parent], id_]
    group_of = {call["id"]: call["group"] for call in graph["calls"]}
    sides: JsonDict = {id_: ({}, {}) for id_ in wanted}
    for edge in graph["edges"]:
        source, target = around[group_of[edge["source"]]], around[group_of[edge["target"]]]
        tensor = edge["source"], edge["source_index"]
        for side, here, there in ((0, target, source), (1, source, target)):
            for id_ in here:
                if id_ in sides and id_ not in there:
                    sides[id_][side][tensor] = edge
    outputs = {call["id"]: call["outputs"] for call in graph["calls"]}
    for port in graph["outputs"]:
        for id_ in around[group_of[port["call"]]]:
            if id_ in sides:
                tensor = port["call"], port["index"]
                sides[id_][1].setdefault(tensor, outputs[port["call"]][port["index"]])
    return {id_: (list(into.values()), list(out.values())) for id_, (into, out) in sides.items()}


def short(count: int) -> str:
    """A large count in three digits and a unit.

    Example:
        >>> short(3_858_000_000), short(950)
        ('3.86 G', '950')
    """
    for size, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def clip(text: str, longest: int = LONGEST) -> str:
    """At most ``longest`` characters of a text."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _call_card(call: JsonDict, look: Look) -> JsonDict:
    word = look.word(call["id"])
    rows = [["Marked", clip(word, 3 * LONGEST)]] if word else []
    rows += _shape_row("Input", call["inputs"]) + _shape_row("Output", call["outputs"])
    if call["arguments"]:
        rows.append(["Arguments", clip(", ".join(call["arguments"]))])
    rows += _cost_rows(call, [call] if call["kind"] != "input" else [])
    kind = "Input" if call["kind"] == "input" else call["type"]
    return _card(call, call["name"], kind, rows, call["group"])


def _group_card(
    group: JsonDict,
    calls: list[JsonDict],
    ends: tuple[list[JsonDict], list[JsonDict]],
    look: Look,
) -> JsonDict:
    rows = [["Calls", f"{group['size']:,}"], *_marked(calls, look)]
    rows += _shape_row("Input", ends[0]) + _shape_row("Output", ends[1])
    rows += _cost_rows(group, calls)
    kind, title = "nested model" if group["kind"] == "model" else "group", group["label"]
    if group["kind"] == "repeat":
        kind = f"{group['times']} alike parts"
        title = title if "×" in title else f"{title} ×{group['times']}"
    return _card(group, title, kind, rows, group["parent"]) | {"group": True}


def _marked(calls: list[JsonDict], look: Look) -> list[list[str]]:
    """How many calls of a group are new, came, went or changed."""
    status = look.status or {}
    counts = Counter(status[call["id"]] for call in calls if call["id"] in status)
    counts["new"] = sum(call["id"] in look.fresh for call in calls)
    words = [f"{counts[word]} {word}" for word in _MARKS if counts[word]]
    return [["Marked", ", ".join(words)]] if words else []


_MARKS = ("added", "removed", "changed", "new")


def _card(item: JsonDict, title: str, kind: str, rows: list[Any], parent: str | None) -> JsonDict:
    if item["count"] > 1:
        nth = f"call {item['index'] + 1} of {item['count']}"
        rows.append(["Shared", f"{nth}, the same weights" if item["params"] else nth])
    return {"title": clip(title), "type": clip(kind), "rows": rows, "parent": parent}


def _cost_rows(item: JsonDict, calls: list[JsonDict]) -> list[list[str]]:
    rows = []
    if item["params"] is None:
        rows.append(["Parameters", UNKNOWN])
    elif item["params"]:
        frozen = item["params"] - item["trainable_params"]
        note = f" ({frozen:,} not trained)" if frozen else ""
        rows.append(["Parameters", f"{item['params']:,}{note}"])
    if calls:
        rows.append(["MACs per sample", _macs(calls)])
        memory = [call["memory"] for call in calls if call["memory"] is not None]
        if memory:
            least = "" if len(memory) == len(calls) else "at least "
            rows.append(["Memory per sample", f"{least}{_bytes(sum(memory))}"])
    if "sees_all" in item and (item["sees_all"] or item["receptive_field"]):
        sizes = " × ".join(map(str, item["receptive_field"] or ()))
        rows.append(["Receptive field", "all" if item["sees_all"] else sizes])
    return rows


def _macs(calls: list[JsonDict]) -> str:
    """The sum as text; what is unknown is said, never counted as nothing."""
    known = sum(call["macs"] or 0 for call in calls)
    if all(call["macs"] is not None for call in calls):
        return short(known)
    return f"at least {short(known)}" if known else UNKNOWN


def _bytes(count: int) -> str:
    return f"{short(count)}B" if count >= 1000 else f"{count} B"


def _shape_row(label: str, specs: list[JsonDict]) -> list[list[str]]:
    if not specs:
        return []
    lines = [
        f"{_shape_text(spec['shape'])}  {spec['dtype']}{', masked' if spec.get('masked') else ''}"
        for spec in specs[:MOST_SHAPES]
    ]
    if len(specs) > MOST_SHAPES:
        lines.append(f"and {len(specs) - MOST_SHAPES} more")
    return [[label if len(specs) == 1 else f"{label}s", clip("\n".join(lines), 3 * LONGEST)]]


def _shape_text(shape: list[int | None]) -> str:
    return " × ".join("?" if size is None else str(size) for size in shape) or "scalar"
