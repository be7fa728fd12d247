"""Models that are hard to read right, each written for one difficulty."""

from dataclasses import replace

import keras

from keraslab.graph import Graph

L = keras.layers
ops = keras.ops


def same_tensor_twice() -> keras.Model:
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Multiply(name="square")([x, x]) + x * x)


def shared_at_two_sizes() -> keras.Model:
    big, small = keras.Input((16, 16, 3), name="big"), keras.Input((8, 8, 3), name="small")
    conv = L.Conv2D(4, 3, strides=2, padding="same", name="conv")
    pool = L.GlobalAveragePooling2D(name="pool")
    return keras.Model([big, small], L.Add(name="sum")([pool(conv(big)), pool(conv(small))]))


def dict_ends() -> keras.Model:
    b, a = keras.Input((2,), name="b"), keras.Input((3,), name="a")
    inner = keras.Model({"b": b, "a": a}, {"y": L.Dense(1)(b), "x": L.Dense(1)(a)}, name="inner")
    c, d = keras.Input((2,), name="c"), keras.Input((3,), name="d")
    made = inner({"a": d, "b": c})
    return keras.Model({"c": c, "d": d}, {"both": L.Concatenate()([made["x"], made["y"]]), **made})


def nested_in_nested_twice() -> keras.Model:
    i = keras.Input((4,))
    inner = keras.Model(i, L.Dense(4, name="dense")(i), name="inner")
    j = keras.Input((4,))
    middle = keras.Model(j, inner(inner(j) + 1.0), name="middle")
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Add(name="sum")([middle(middle(x)), inner(x)]))


def constants_slices_keywords() -> keras.Model:
    x = keras.Input((6, 4), name="x")
    y = (1.0 - x) * 2 + ops.ones((6, 4))
    y = ops.concatenate([y[:, ::2], y[:, 1:, :][:, ::-1]], axis=1)
    y = ops.where(y > 0.5, y, 0.0)
    y = ops.clip(ops.mean(y, axis=(1,), keepdims=True), x_min=-1.0, x_max=1.0)
    return keras.Model(x, ops.einsum("btf,bsf->bts", x, y[..., :4]))


def input_as_output() -> keras.Model:
    x, y = keras.Input((4,), name="x"), keras.Input((2,), name="y")
    return keras.Model([x, y], [x, L.Dense(2, name="dense")(x), y])


def several_outputs() -> keras.Model:
    x = keras.Input((5, 4), name="x")
    sequence, h, c = L.LSTM(3, return_sequences=True, return_state=True, name="lstm")(x)
    again = L.LSTM(3, name="second")(sequence, initial_state=[h, c])
    parts = ops.split(again, 3, axis=-1)
    return keras.Model(x, [parts[2], parts[0], c])


def masks_everywhere() -> keras.Model:
    words = keras.Input((7,), dtype="int32", name="words")
    steps = keras.Input((7, 4), name="steps")
    e = L.Embedding(11, 4, mask_zero=True, name="embed")(words)
    m = L.Masking(name="masking")(steps)
    attended = L.MultiHeadAttention(2, 3, name="attend")(e, m, use_causal_mask=True)
    summed = L.Add(name="sum")([attended, e])
    return keras.Model([words, steps], L.GRU(3, name="gru")(summed))


def unused_input() -> keras.Model:
    x, unused = keras.Input((4,), name="x"), keras.Input((9,), name="unused")
    return keras.Model([x, unused], L.Dense(2, name="dense")(x))


def lists_in_lists() -> keras.Model:
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    inner = keras.Model([[a, b], {"c": c}], [L.Add()([a, c]), [b]], name="inner")
    x, y = keras.Input((2,), name="x"), keras.Input((2,), name="y")
    p, (q,) = inner([[x, y], {"c": x}])
    return keras.Model([x, y], L.Concatenate(name="cat")([p, q, p]))


def sequential_in_sequential() -> keras.Model:
    inner = keras.Sequential([L.Dense(3), L.ReLU()], name="inner")
    return keras.Sequential([keras.Input((4,), name="x"), inner, L.Dense(2, name="out")])


def each_step() -> keras.Model:
    i = keras.Input((8, 8, 3))
    y = L.Conv2D(2, 3, name="conv")(i)
    frame = keras.Model(i, L.Dense(4, name="dense")(L.Flatten()(y)), name="frame")
    x = keras.Input((5, 8, 8, 3), name="video")
    y = L.TimeDistributed(frame, name="frames")(x)
    return keras.Model(x, L.TimeDistributed(L.Dense(2, name="each"), name="steps")(y))


def both_ways() -> keras.Model:
    x = keras.Input((6, 4), name="x")
    y = L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(x)
    y = L.Bidirectional(L.GRU(2), merge_mode="sum", name="sum")(y)
    return keras.Model(x, y)


def same_names_as_parts() -> keras.Model:
    """A nested model and its layer of one name, and a layer of that name beside it."""
    i = keras.Input((4,), name="i")
    inner = keras.Model(i, L.Dense(4, name="a")(i), name="a")
    x = keras.Input((4,), name="x")
    return keras.Model(x, inner(x) + L.Dense(4, name="b")(x))


def names_that_are_markup() -> keras.Model:
    x = keras.Input((4,), name="<script>alert(1)")
    y = L.Dense(2, name='"><img src=x onerror=alert(1)>')(x)
    return keras.Model(x, L.ReLU(name="${7*7} {{x}} #0 && \u202e")(y), name="<b>bold")


PLAIN = {
    build.__name__: build
    for build in (
        same_tensor_twice,
        shared_at_two_sizes,
        dict_ends,
        nested_in_nested_twice,
        constants_slices_keywords,
        input_as_output,
        several_outputs,
        masks_everywhere,
        unused_input,
        lists_in_lists,
        sequential_in_sequential,
        each_step,
        both_ways,
        same_names_as_parts,
        names_that_are_markup,
    )
}


class Head(L.Layer):
    """Weights of three kinds: of layers inside, given to an operation, and given to none."""

    def __init__(self, width: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.query, self.value = L.Dense(width, name="query"), L.Dense(width, name="value")
        self.drop = L.Dropout(0.1, name="drop")
        self.seen = []
        self.scores = None

    def build(self, shape) -> None:
        self.query.build(shape)
        self.value.build(shape)
        self.out = self.add_weight(shape=(self.query.units, 3), name="out")
        self.spare = self.add_weight(shape=(7,), name="spare", trainable=False)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 3)

    def call(self, x, training=False):
        self.scores = ops.softmax(self.query(x) @ ops.transpose(self.value(x), (0, 2, 1)))
        self.seen.append(x)
        self.add_loss(ops.sum(self.scores))
        return ops.matmul(self.drop(self.scores @ self.value(x), training=training), self.out)


class TwoHeads(keras.Model):
    """A model with a layer of one's own inside, and a dict as its output."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.head = Head(4, name="head")
        self.tail = keras.Sequential([L.Dense(5), L.ReLU()], name="tail")

    def call(self, x):
        return {"y": self.tail(self.head(x)), "x": x}


class Loops(L.Layer):
    """Python that depends on the data: it cannot be followed."""

    def call(self, x):
        return x if ops.sum(x) > 0 else -x

    def compute_output_shape(self, shape):
        return shape


def own_layer_twice() -> keras.Model:
    x = keras.Input((6, 4), name="x")
    head = Head(4, name="head")
    return keras.Model(x, head(ops.pad(head(x), [(0, 0), (0, 0), (0, 1)])))


def own_model_inside() -> keras.Model:
    x = keras.Input((6, 4), name="x")
    return keras.Model(x, TwoHeads(name="two")(x)["y"])


def own_layer_in_wrapper() -> keras.Model:
    x = keras.Input((5, 6, 4), name="x")
    return keras.Model(x, L.TimeDistributed(Head(4, name="head"), name="each")(x))


def own_layer_that_loops() -> keras.Model:
    x = keras.Input((4,), name="x")
    return keras.Model(x, L.Dense(2, name="dense")(Loops(name="loops")(x)))


OWN = {
    build.__name__: build
    for build in (own_layer_twice, own_model_inside, own_layer_in_wrapper, own_layer_that_loops)
}


def plain(graph: Graph) -> Graph:
    """A graph to compare with another: weights numbered in order, nothing of how it was made."""
    keys: dict[int, int] = {}
    return replace(
        graph,
        skeleton=False,
        calls=tuple(
            replace(
                call,
                line=None,
                weights=tuple(
                    replace(w, key=keys.setdefault(w.key, len(keys))) for w in call.weights
                ),
            )
            for call in graph.calls
        ),
    )
