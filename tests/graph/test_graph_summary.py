"""The table of a model, as text and as HTML."""

import dataclasses
import re

import keras
import pytest

from keraslab.graph import ModelError, read_graph, skeleton, summary
from keraslab.graph._summary import short, size_text

L = keras.layers


@pytest.fixture(scope="module")
def shared_at_two_sizes() -> keras.Model:
    image = keras.Input((8, 8, 3), name="image")
    conv = L.Conv2D(4, 3, padding="same", name="conv")
    small = L.MaxPooling2D(name="pool")(image)
    flat = L.Flatten(name="flat")
    merged = L.Concatenate(name="cat")([flat(conv(tensor)) for tensor in (image, small)])
    frozen = L.Dense(2, name="head", trainable=False)
    return keras.Model(image, frozen(merged), name="two_sizes")


def test_a_row_per_call_with_its_own_shapes(shared_at_two_sizes) -> None:
    rows = [row for row in summary(shared_at_two_sizes).rows if row.name == "conv"]
    assert [(row.call, row.inputs, row.output, row.params) for row in rows] == [
        ("1 of 2", "? × 8 × 8 × 3", "? × 8 × 8 × 4", "112"),
        ("2 of 2", "? × 4 × 4 × 3", "? × 4 × 4 × 4", "(shared)"),
    ]
    assert [row.macs for row in rows] == ["6,912", "1,728"]


def test_totals_are_those_of_keras(shared_at_two_sizes) -> None:
    model = shared_at_two_sizes
    text = str(summary(model))
    frozen = model.layers[-1].count_params()
    assert f"Weights: {model.count_params()} (112 trainable, {frozen} frozen)" in text
    assert "one sample: 9,280" in text
    assert summary(read_graph(model)).rows == summary(model).rows


def test_unknown_is_said(shared_at_two_sizes) -> None:
    x = keras.Input((4,))
    odd = L.Lambda(lambda t: t, name="odd")
    text = str(summary(keras.Model(x, odd(L.Dense(3)(odd(x))))))
    assert "one sample: ≥ 12 (2 calls unknown)" in text
    assert text.count("unknown") == 4  # in both rows, and in both totals
    assert "≥ 28 B kept in training (2 calls unknown)" in text


def test_memory_and_receptive_field_of_each_call(shared_at_two_sizes) -> None:
    table = summary(shared_at_two_sizes)
    rows = [row for row in table.rows if row.name in ("image", "conv", "pool", "head")]
    assert [(row.memory, row.sees) for row in rows] == [
        ("768 B", "1 × 1"),
        ("1.02 kB", "3 × 3"),
        ("192 B", "2 × 2"),
        ("256 B", "6 × 6"),
        ("8 B", "all"),
    ]
    costs = table.graph.costs
    line = table.totals[2]
    assert line.startswith("Memory for one sample, float32: ")
    assert f"{size_text(costs.inference_peak)} at once in a prediction" in line
    assert f"{size_text(costs.training_sum)} kept in training" in line


def test_a_model_of_no_places_has_no_column_for_them() -> None:
    x = keras.Input((4,))
    text = str(summary(keras.Model(x, L.Dense(3)(x))))
    assert "Memory" in text
    assert "Sees" not in text
    # Of sequences of any length nothing is known, and nothing is claimed.
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, L.Dense(3)(L.Embedding(9, 4)(ids)))
    assert "unknown at once in a prediction, unknown kept in training (3 calls" in str(
        summary(model)
    )


def test_what_a_call_takes_is_left_out_before_anything_is_cut(shared_at_two_sizes) -> None:
    assert "Takes" in str(summary(shared_at_two_sizes)).splitlines()[2]
    x = y = keras.Input((224, 224, 3), name="image")
    with skeleton():
        for number in range(3):
            name = f"a_rather_long_and_winding_name_of_a_layer_{number}"
            y = L.Conv2D(100, 3, padding="same", name=name)(y)
        table = summary(keras.Model(x, y))
    text = str(table)
    assert "Takes" not in text
    assert "a_rather_long_and_winding_name_of_a_layer_0" in text
    assert "Takes" in table._repr_html_()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "unknown"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_600, "1.00 MB"),
        (102_546_848, "103 MB"),
        (6_300_000_000, "6.30 GB"),
    ],
)
def test_sizes_have_three_digits_and_a_unit(size, text) -> None:
    assert size_text(size) == text


def test_lines_stay_short_and_long_names_are_cut_in_the_middle() -> None:
    x = y = keras.Input((4,), name="x")
    with skeleton():
        for number in range(3):
            y = L.Dense(123456789, name=f"start__{'very_' * 30}long__{number}_end")(y)
        model = keras.Model(x, y, name="m" * 300)
    text = str(summary(model))
    assert max(map(len, text.splitlines())) <= 120
    assert re.search(r"start__\S*…\S*_end", text)
    assert "15,241,578,750,190,521" not in text.splitlines()[4]
    assert "Built without weights" in text


def test_an_ordinary_model_fits_a_usual_terminal() -> None:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), L.Conv2D(8, 3), L.MaxPooling2D(), L.Flatten(), L.Dense(10)]
    )
    assert max(map(len, str(summary(model)).splitlines())) <= 100


def test_hostile_names_are_escaped() -> None:
    x = keras.Input((4,))
    bad = "<img src=x onerror=alert(1)>&\"'"
    model = keras.Model(x, L.Dense(2, name="\x1b[31m")(L.ReLU(name=bad)(x)), name=bad + "2")
    table = summary(model)
    assert "\x1b" not in str(table)
    html = table._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;" in html
    assert html.count("<tr>") == len(table.rows) + 1


def test_the_html_takes_the_colours_of_its_page(shared_at_two_sizes) -> None:
    html = summary(shared_at_two_sizes)._repr_html_()
    assert "var(--jp-content-font-color1,inherit)" in html
    assert not re.search(r"#[0-9a-f]{3,6}\b|black|white(?!-space)", html)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (99_999, "99,999"),
        (100_000, "100 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_234_567, "1.23 M"),
        (12_345_678, "12.3 M"),
        (3_857_973_248, "3.86 G"),
        (37_745_884_192, "37.7 G"),
        (9_999_999_999, "10.0 G"),
        (1_560_000_000_000, "1.56 T"),
    ],
)
def test_large_numbers_have_three_digits_and_a_letter(number, text) -> None:
    assert short(number) == text


def test_what_is_no_model_is_refused_with_a_sentence() -> None:
    with pytest.raises(ModelError, match="Keras model is needed"):
        summary([1, 2])


def test_constants_of_operations_stand_beside_their_type() -> None:
    x = keras.Input((4,), name="x")
    table = summary(keras.Model(x, keras.ops.expand_dims(1.0 - (x + 1.0)[:, :2], axis=1)))
    types = [row.type for row in table.rows]
    assert types == [
        "InputLayer",
        "Add (1.0)",
        "GetItem ([:, :2])",
        "Subtract (1.0 - x)",
        "ExpandDims (axis=1)",
    ]
    assert "Add (1.0)" in str(table)


def test_long_and_hostile_constants_are_cut_and_escaped() -> None:
    x = keras.Input((4,), name="x")
    call = read_graph(keras.Model(x, keras.layers.Dense(2, name="dense")(x)))
    named = dataclasses.replace(call.calls[1], arguments=("<b>\x1b[2J", "k" * 40))
    table = summary(dataclasses.replace(call, calls=(call.calls[0], named)))
    assert "<b>" not in table._repr_html_()
    assert "&lt;b&gt;" in table._repr_html_()
    assert "\x1b" not in str(table)
    assert max(map(len, str(table).splitlines())) <= 118
    assert len(table.rows[1].type) == len("Dense ()") + 24
