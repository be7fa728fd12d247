"""Every architecture of the zoo at small settings: counts, edges, and the same from its config."""

import importlib
import json
import math
import sys
from collections import Counter
from pathlib import Path

import awkward
import keras
import pytest
from keras_config import edges_of_config

from keraslab.graph import build_skeleton, read_graph

ZOO = Path(__file__).parent.parent / "zoo"
sys.path.append(str(ZOO))
FAMILIES = [importlib.import_module(path.stem) for path in sorted(ZOO.glob("zoo_cases_*.py"))]
CASES = {name: case for family in FAMILIES for name, case in family.CASES.items()}


def marked():
    seen = set()
    for name, case in CASES.items():
        function = name.split("-")[0]
        again = case.slow or function in seen
        seen.add(function)
        yield pytest.param(name, marks=[pytest.mark.slow] if again else [])


def models(made) -> list[keras.Model]:
    if isinstance(made, keras.Model):
        return [made]
    parts = made.values() if isinstance(made, dict) else made
    return [part for part in parts if isinstance(part, keras.Model)]


@pytest.mark.parametrize("name", list(marked()))
def test_counts_edges_and_config(name) -> None:
    made = build_skeleton(CASES[name].make).model
    found = models(made)
    assert found
    for model in found:
        graph = read_graph(model)
        assert graph.params == model.count_params()
        trainable = sum(math.prod(w.shape) for w in model.trainable_weights)
        assert graph.trainable_params == trainable
        assert [p.spec.shape for p in graph.outputs] == [t.shape for t in model.outputs]
        if not any(group.kind == "model" for group in graph.groups):
            edges = Counter((e.source, e.source_index, e.target) for e in graph.edges)
            assert edges == edges_of_config(model.get_config())
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
        again = keras.Model.from_config(model.get_config()) if _shares_nested(model) else model
        assert awkward.plain(read_graph(config)) == awkward.plain(read_graph(again))


def _shares_nested(model: keras.Model) -> bool:
    """Whether a part lies in two models at once, which a config forgets."""
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    parts = [id(part) for inner in nested for part in inner._flatten_layers()]
    return len(parts) > len(set(parts))
