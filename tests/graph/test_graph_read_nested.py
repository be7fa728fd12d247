"""Reading models inside models: opened, counted and measured once for each call."""

import keras

from keraslab.graph import Graph, read_graph

L = keras.layers


def links(graph: Graph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]


def shapes(graph: Graph) -> dict[str, tuple[int | None, ...]]:
    return {call.id: call.outputs[0].shape for call in graph.calls}


def test_a_nested_model_called_twice_is_opened_twice() -> None:
    i = keras.Input((4,), name="i")
    inner = keras.Model(i, L.Dense(3, name="dense")(i), name="encoder")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model([a, b], L.Subtract(name="minus")([inner(a), inner(b)]))
    graph = read_graph(model)
    assert [call.id for call in graph.calls] == [
        "a#0",
        "b#0",
        "encoder#0/dense#0",
        "encoder#1/dense#0",
        "minus#0",
    ]
    assert links(graph) == [
        ("a#0", "encoder#0/dense#0"),
        ("b#0", "encoder#1/dense#0"),
        ("encoder#0/dense#0", "minus#0"),
        ("encoder#1/dense#0", "minus#0"),
    ]
    groups = [(g.id, g.label, g.kind, g.parent, g.index, g.count) for g in graph.groups]
    assert groups == [
        ("encoder#0", "encoder", "model", None, 0, 2),
        ("encoder#1", "encoder", "model", None, 1, 2),
    ]
    assert [c.count for c in graph.calls if c.name == "dense"] == [2, 2]
    assert graph.params == model.count_params()


def test_nested_three_deep_with_a_sequential_inside() -> None:
    tail = keras.Sequential([L.Dense(3, name="d1"), L.Dense(3, name="d2")], name="tail")
    i = keras.Input((3,))
    middle = keras.Model(i, tail(tail(i)), name="middle")
    j = keras.Input((3,))
    outer = keras.Model(j, middle(j) + 1.0, name="outer")
    k = keras.Input((3,), name="k")
    graph = read_graph(keras.Model(k, L.Add(name="sum")([outer(k), middle(k)])))
    ids = {g.id: g.parent for g in graph.groups}
    assert ids["outer#0/middle#0/tail#1"] == "outer#0/middle#0"
    assert ids["middle#0/tail#0"] == "middle#0"
    d1 = [c for c in graph.calls if c.name == "d1"]
    assert len(d1) == 4
    assert len({c.layer for c in d1}) == 1
    assert graph.params == tail.count_params()
    assert ("outer#0/middle#0/tail#0/d2#0", "outer#0/middle#0/tail#1/d1#0") in links(graph)


def test_a_nested_model_at_another_size_has_the_shapes_of_that_call() -> None:
    i = keras.Input((None, None, 3))
    x = L.Conv2D(4, 3, strides=2, padding="same", name="conv")(i)
    x = keras.ops.relu(x) * 2.0
    inner = keras.Model(i, L.GlobalAveragePooling2D(name="gap")(x), name="inner")
    big, small = keras.Input((32, 32, 3)), keras.Input((8, 8, 3))
    j = keras.Input((None, None, 3))
    wrapped = keras.Model(j, inner(j), name="wrapped")
    graph = read_graph(keras.Model([big, small], [wrapped(big), wrapped(small), inner(small)]))
    sizes = shapes(graph)
    assert sizes["wrapped#0/inner#0/conv#0"] == (None, 16, 16, 4)
    assert sizes["wrapped#1/inner#0/conv#0"] == (None, 4, 4, 4)
    assert sizes["inner#0/conv#0"] == (None, 4, 4, 4)
    macs = [call.macs for call in graph.calls if call.name == "conv"]
    assert macs == [16 * 16 * 9 * 3 * 4, 4 * 4 * 9 * 3 * 4, 4 * 4 * 9 * 3 * 4]
    assert read_graph(inner).macs is None


def test_a_nested_model_that_hands_an_input_on() -> None:
    i, j = keras.Input((4,)), keras.Input((4,))
    inner = keras.Model([i, j], [j, L.Dense(4, name="dense")(i)], name="inner")
    nothing = keras.Model(i, i, name="nothing")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    p, q = inner([nothing(a), b])
    graph = read_graph(keras.Model([a, b], [L.Add(name="sum")([p, q]), p]))
    assert links(graph) == [
        ("a#0", "inner#0/dense#0"),
        ("b#0", "sum#0"),
        ("inner#0/dense#0", "sum#0"),
    ]
    assert [port.call for port in graph.outputs] == ["sum#0", "b#0"]
    assert [group.id for group in graph.groups] == ["inner#0"]


def test_a_nested_model_with_dict_inputs_and_outputs() -> None:
    b, a = keras.Input((2,), name="b"), keras.Input((3,), name="a")
    inner = keras.Model(
        {"b": b, "a": a}, {"y": L.Dense(1, name="db")(b), "x": L.Dense(1, name="da")(a)}, name="in"
    )
    c, d = keras.Input((2,), name="c"), keras.Input((3,), name="d")
    out = inner({"a": d, "b": c})
    graph = read_graph(keras.Model([c, d], L.Concatenate(name="cat")([out["x"], out["y"]])))
    assert set(links(graph)) == {
        ("c#0", "in#0/db#0"),
        ("d#0", "in#0/da#0"),
        ("in#0/da#0", "cat#0"),
        ("in#0/db#0", "cat#0"),
    }


def test_calls_by_other_models_are_not_of_this_model() -> None:
    shared = L.Dense(4, name="shared")
    i = keras.Input((4,), name="i")
    y = shared(i)
    keras.Model(i, shared(shared(y)))
    j = keras.Input((4,), name="j")
    graph = read_graph(keras.Model(j, shared(shared(j))))
    assert [(c.id, c.index, c.count) for c in graph.calls[1:]] == [
        ("shared#0", 0, 2),
        ("shared#1", 1, 2),
    ]


def test_the_same_layer_inside_and_outside_a_nested_model() -> None:
    shared = L.Dense(4, name="shared")
    i = keras.Input((4,))
    inner = keras.Model(i, shared(i), name="inner")
    j = keras.Input((4,), name="j")
    graph = read_graph(keras.Model(j, inner(j) + shared(j)))
    calls = [c for c in graph.calls if c.name == "shared"]
    assert [(c.id, c.index, c.count) for c in calls] == [
        ("inner#0/shared#0", 0, 2),
        ("shared#0", 1, 2),
    ]
    assert calls[0].layer == calls[1].layer
    assert graph.params == 20


def test_two_layers_of_one_name_are_told_apart() -> None:
    i = keras.Input((4,))
    first = keras.Model(i, L.Dense(4, name="dense")(i), name="one")
    second = keras.Model(i, L.Dense(4, name="dense")(i), name="two")
    graph = read_graph(keras.Model(i, second(first(i))))
    assert len({c.layer for c in graph.calls if c.name == "dense"}) == 2
    assert graph.params == 40
