"""What Keras' own serialised form says of a model, to compare a graph with."""

from collections import Counter


def edges_of_config(config: dict) -> Counter:
    """The edges of a Functional config, found in Keras' own serialised form."""
    edges: Counter = Counter()

    def tensors(value):
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                yield value["config"]["keras_history"]
            else:
                for inner in value.values():
                    yield from tensors(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                yield from tensors(inner)

    for layer in config["layers"]:
        for number, node in enumerate(layer["inbound_nodes"]):
            for name, index, output in tensors(node):
                edges[f"{name}#{index}", output, f"{layer['name']}#{number}"] += 1
    return edges
