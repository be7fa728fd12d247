"""Attention layers that were built on vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL616 mha-self-2d-fit
q = keras.Input((8,))
c = layers.MultiHeadAttention(2, 16)(q, q)  # cause
m = keras.Model(q, layers.Dense(1)(c)); m.compile("adam", "mse")
m.fit(np.zeros((4, 8)), np.zeros((4, 1)), verbose=0)
### KL616 mha-last-state-fit
q = keras.Input((15, 4))
states, last = layers.GRU(32, return_sequences=True, return_state=True)(q)
c = layers.MultiHeadAttention(2, 16)(last, states)  # cause
m = keras.Model(q, layers.Dense(1)(layers.Flatten()(c))); m.compile("adam", "mse")
m.fit(np.zeros((4, 15, 4)), np.zeros((4, 1)), verbose=0)
### KL616 mha-2d-value-predict
q = keras.Input((15, 8)); v = keras.Input((8,))
c = layers.MultiHeadAttention(2, 16)(q, v)  # cause
m = keras.Model([q, v], layers.Dense(1)(layers.Flatten()(c)))
m.predict([np.zeros((4, 15, 8)), np.zeros((4, 8))], verbose=0)
### KL616 mha-lstm-fit
q = keras.Input((15, 8)); v = layers.LSTM(8)(q)
c = layers.MultiHeadAttention(2, 16)(v, q)  # cause
m = keras.Model(q, layers.Dense(1)(layers.Flatten()(c))); m.compile("adam", "mse")
m.fit(np.zeros((4, 15, 8)), np.zeros((4, 1)), verbose=0)
### KL616 att-last-state
q = keras.Input((15, 4))
states, last = layers.GRU(32, return_sequences=True, return_state=True)(q)
c = layers.Attention()([last, states])  # cause
m = keras.Model(q, layers.Dense(1)(layers.Flatten()(c))); m.compile("adam", "mse")
m.fit(np.zeros((4, 15, 4)), np.zeros((4, 1)), verbose=0)
### KL616 add-lstm
q = keras.Input((15, 4)); v = layers.LSTM(4)(q)
c = layers.AdditiveAttention()([v, q])  # cause
m = keras.Model(q, layers.Dense(1)(layers.Flatten()(c))); m.compile("adam", "mse")
m.fit(np.zeros((4, 15, 4)), np.zeros((4, 1)), verbose=0)
### KL616 mha-value-is-the-last-step
q = keras.Input((15, 8)); v = layers.LSTM(8)(q)
look = layers.MultiHeadAttention(2, 16)
c = look(query=q, value=v)  # cause
m = keras.Model(q, layers.Dense(1)(layers.GlobalAveragePooling1D()(c)))
m.compile("adam", "mse")
m.fit(np.zeros((4, 15, 8)), np.zeros((4, 1)), verbose=0)
### KL616 grouped
q = keras.Input((15, 8)); v = layers.LSTM(8)(q)
c = layers.GroupQueryAttention(8, 4, 2)(v, q)  # cause
m = keras.Model(q, c)
### KL616 in-a-function
def decoder(steps):
    states, last = layers.GRU(8, return_sequences=True, return_state=True)(steps)
    look = layers.MultiHeadAttention(2, 4, name="look")
    seen = look(last, states)  # cause
    return layers.Dense(1)(layers.Flatten()(seen))
x = keras.Input((6, 4))
m = keras.Model(x, decoder(x))
m.compile("adam", "mse")
m.fit(np.zeros((4, 6, 4)), np.zeros((4, 1)), verbose=0)
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.id for each in MISTAKES])
def test_a_vector_in_attention_is_found_and_given_steps(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert "no time axis" in finding.message
    assert all(fix.tried for fix in finding.fixes)


ALIKE = [
    "q = keras.Input((6, 4)); c = layers.MultiHeadAttention(2, 4)(q, q)\n"
    "m = keras.Model(q, layers.Dense(1)(layers.Flatten()(c))); m.compile('adam', 'mse')\n"
    "m.fit(np.zeros((4, 7, 4)), np.zeros((4, 1)), verbose=0)",
    "q = keras.Input((4,)); c = layers.Attention()([q, q])\n"
    "m = keras.Model(q, layers.Dense(1)(c))\n"
    "m.fit(np.zeros((4, 4)), np.zeros((4, 1)), verbose=0)",
]


@pytest.mark.parametrize("source", ALIKE)
def test_what_failed_elsewhere_is_not_laid_to_attention(source: str, tmp_path: Path) -> None:
    finding, error = diagnosed(START + source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code != "KL616"
