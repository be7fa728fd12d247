"""Published architectures: counts, calls and edges are those of Keras itself."""

import math
from collections import Counter

import keras
import pytest
from keras_config import edges_of_config

from keraslab.graph import build_skeleton, read_graph

QUICK = ["VGG16", "ResNet50V2", "MobileNet", "MobileNetV3Small", "InceptionV3"]
LARGE = [
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionResNetV2",
    "MobileNetV2",
    "NASNetMobile",
    "ResNet101",
    "Xception",
]


@pytest.mark.parametrize(
    "name", [*QUICK, *[pytest.param(name, marks=pytest.mark.slow) for name in LARGE]]
)
def test_counts_calls_and_edges(name) -> None:
    model = build_skeleton(getattr(keras.applications, name), weights=None).model
    graph = read_graph(model)
    assert graph.params == model.count_params()
    trainable = sum(w.size for w in graph.weights if w.trainable)
    assert trainable == sum(math.prod(w.shape) for w in model.trainable_weights)
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    if not nested:
        config = model.get_config()
        found = Counter((e.source, e.source_index, e.target) for e in graph.edges)
        assert found == edges_of_config(config)
        calls = sum(max(1, len(layer["inbound_nodes"])) for layer in config["layers"])
        assert len(graph.calls) == calls
    shapes = {layer.name: tuple(layer.output.shape) for layer in model.layers}
    for call in graph.calls:
        if call.id.count("/") == 0 and not call.shared and call.kind == "layer":
            assert call.outputs[0].shape == shapes[call.name]
