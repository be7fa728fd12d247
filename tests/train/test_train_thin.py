import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab.train._thin import thin


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(8, 300), st.integers(0, 2**31))
def test_keeps_extremes_gaps_and_ends(count, limit, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count)
    values[rng.random(count) < 0.01] = np.nan
    kept = thin(values, limit)
    assert len(kept) <= max(limit, 8) + 3
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert (np.diff(kept) > 0).all()
    if np.isfinite(values).any():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)
    assert np.isnan(values).any() == np.isnan(values[kept]).any()


def test_one_spike_in_a_million_stays():
    values = np.zeros(1_000_000)
    values[123_456] = 1.0
    assert 123_456 in thin(values, 1000)


@pytest.mark.parametrize("count", [0, 1, 8])
def test_short_lines_stay_whole(count):
    assert thin(np.zeros(count), 8).tolist() == list(range(count))
