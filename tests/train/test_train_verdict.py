import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab.train._halving import rungs, stay
from keraslab.train._paired import corrected, holm, paired, t_quantile
from keraslab.train._verdict import verdict

ACCURACY = {"name": "accuracy", "higher_is_better": True}
LOSS = {"name": "loss", "higher_is_better": False}


def by_seed(values):
    return dict(enumerate(values))


def judged(**scores):
    return verdict({name: by_seed(values) for name, values in scores.items()}, **ACCURACY)


# Against SciPy's own test, and published examples.


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_pair_is_what_scipy_finds(seeds):
    from scipy.stats import ttest_rel

    draw = np.random.default_rng(seeds)
    a, b = draw.normal(0.3, size=seeds), draw.normal(size=seeds)
    pair = paired("a", "b", {"a": by_seed(a), "b": by_seed(b)}, 0.05)
    theirs = ttest_rel(a, b)
    interval = theirs.confidence_interval(0.95)
    assert pair.p == pytest.approx(theirs.pvalue, rel=1e-10)
    assert pair.difference == pytest.approx((a - b).mean())
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high), rel=1e-10)


@pytest.mark.parametrize(
    ("given_p", "wanted"),
    [
        # The documentation of MultipleTesting.jl, adjust(..., Holm()).
        ([0.001, 0.01, 0.03, 0.5], [0.004, 0.03, 0.06, 0.5]),
        # R 4.5, p.adjust(c(0.001, 0.01, 0.05, 0.1, 0.5, 0.9), "holm").
        ([0.001, 0.01, 0.05, 0.1, 0.5, 0.9], [0.006, 0.05, 0.2, 0.3, 1.0, 1.0]),
        # Wikipedia, Holm-Bonferroni method: of these four the first and the last are rejected.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([], []),
    ],
)
def test_holm_as_published(given_p, wanted):
    assert holm(given_p) == pytest.approx(wanted)


@given(st.lists(st.floats(0, 1), max_size=20), st.floats(0.001, 0.5))
@settings(deadline=None)
def test_holm_rejects_as_the_step_down_procedure_does(p_values, level):
    adjusted = holm(p_values)
    count = len(p_values)
    rejected = 0
    for rank, p in enumerate(sorted(p_values)):
        if p * (count - rank) >= level:
            break
        rejected += 1
    assert sum(p < level for p in adjusted) == rejected
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    order = sorted(range(count), key=p_values.__getitem__)
    assert [adjusted[i] for i in order] == sorted(adjusted)


def test_t_quantile_is_the_one_of_the_tables():
    assert t_quantile(0.975, 2) == pytest.approx(4.303, abs=5e-4)
    assert t_quantile(0.975, 1) == pytest.approx(12.706, abs=5e-4)


# By simulation: how often it is wrong, and how often it sees what is there.


def _comparisons(many, seeds, noise, seed, *, steps=None):
    """Scores of variants whose runs share what the seed does, with noise of their own."""
    draw = np.random.default_rng(seed)
    for _ in range(many):
        shared = draw.normal(scale=0.02, size=seeds)
        found = {
            name: mean + shared + draw.normal(scale=sd, size=seeds)
            for name, (mean, sd) in noise.items()
        }
        if steps:
            found = {name: np.round(values * steps) / steps for name, values in found.items()}
        yield {name: by_seed(values.tolist()) for name, values in found.items()}


def _share(comparisons, what):
    found = [what(verdict(scores, **ACCURACY)) for scores in comparisons]
    return sum(found) / len(found)


@pytest.mark.parametrize(
    ("variants", "seeds", "steps"),
    [(2, 3, None), (4, 3, None), (4, 5, None), (2, 2, 100), (3, 3, 100), (2, 5, 100)],
)
def test_no_difference_is_rarely_called_one(variants, seeds, steps):
    many = 1500
    noise = {f"v{i}": (0.9, 0.01 * (1 + i % 2)) for i in range(variants)}
    runs = _comparisons(many, seeds, noise, seed=1, steps=steps)
    wrong = _share(runs, lambda found: any(pair.differs for pair in found.pairs))
    # Three standard errors of a share of 5 %, estimated from so many comparisons.
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / many)


def test_one_real_difference_brings_no_false_ones():
    noise = {"good": (0.95, 0.005), "a": (0.8, 0.01), "b": (0.8, 0.01), "c": (0.8, 0.01)}

    def wrong(found):
        return any(pair.differs and "good" not in (pair.first, pair.second) for pair in found.pairs)

    assert _share(_comparisons(1000, 5, noise, seed=2), wrong) <= 0.05 + 0.021


def test_a_large_difference_is_seen():
    noise = {"good": (0.95, 0.005), "a": (0.8, 0.005), "b": (0.8, 0.005)}
    seen = _share(_comparisons(300, 5, noise, seed=3), lambda found: found.best == ("good",))
    assert seen > 0.95


def test_what_a_seed_does_to_both_drops_out():
    seeds = [0.0, 0.2, -0.2, 0.1, -0.1]
    wobble = [0.001, -0.001, 0.0005, 0.0, 0.0002]
    found = judged(
        a=[0.71 + s + w for s, w in zip(seeds, wobble, strict=True)], b=[0.7 + s for s in seeds]
    )
    assert found.best == ("a",)


# Words.


def test_ties_stand_together():
    found = judged(
        plain=[0.81, 0.80, 0.82, 0.81, 0.80],
        residual=[0.951, 0.949, 0.953, 0.950, 0.948],
        dense=[0.950, 0.951, 0.950, 0.951, 0.949],
    )
    assert found.sentences[0] == (
        "residual and dense cannot be told apart; both are better than plain."
        if found.order[0] == "residual"
        else "dense and residual cannot be told apart; both are better than plain."
    )
    assert set(found.best) == {"residual", "dense"}
    assert "corrected for 3 comparisons after Holm" in str(found)
    assert "need not be equal" in str(found)
    assert "before the correction" in str(found)


def test_each_better_than_the_next():
    found = judged(
        a=[0.91, 0.912, 0.909, 0.911], b=[0.81, 0.808, 0.811, 0.81], c=[0.5, 0.51, 0.505, 0.49]
    )
    assert found.sentences[0] == "a is better than b and c; b is better than c."
    assert found.best == ("a",)
    assert "need not be equal" not in str(found)


def test_a_tie_in_the_middle_and_at_the_end():
    low = [0.5, 0.52, 0.49, 0.51, 0.5]
    found = judged(a=[0.9, 0.91, 0.9, 0.89, 0.9], b=low, c=[0.51, 0.5, 0.5, 0.49, 0.52])
    assert re.fullmatch(
        r"a is better than \w and \w; (b and c|c and b) cannot be told apart\.", found.sentences[0]
    )


def test_what_makes_no_groups_is_said_pair_by_pair():
    found = judged(
        a=[0.900, 0.901, 0.899, 0.900, 0.9005],
        b=[0.95, 0.80, 0.93, 0.82, 0.98],
        c=[0.880, 0.8815, 0.879, 0.8802, 0.8803],
    )
    assert found.sentences[0] == "a is better than c; the other pairs cannot be told apart."
    assert found.best == ()


def test_nothing_told_apart():
    found = judged(a=[0.9, 0.8, 0.85], b=[0.81, 0.91, 0.84], c=[0.83, 0.84, 0.88])
    assert re.fullmatch(
        r"\w, \w and \w cannot be told apart: .* within the noise of the seeds\.",
        found.sentences[0],
    )
    assert found.best == ()
    assert "standard deviation" in str(found)


def test_lower_is_better_for_a_loss():
    scores = {"a": by_seed([0.2, 0.21, 0.19]), "b": by_seed([0.5, 0.52, 0.49])}
    found = verdict(scores, **LOSS)
    assert found.best == ("a",)
    assert found.order == ("a", "b")
    assert found.sentences[1].startswith("a against b: loss 0.303 lower on average over 3 seeds")
    low, high = map(float, re.search(r"between (\S+) and (\S+);", found.sentences[1]).groups())
    assert 0 < low < 0.303 < high
    assert "lies with 95 % confidence." in str(found)


def test_one_seed_gives_no_verdict():
    found = judged(a=[0.9], b=[0.5])
    assert found.best == ()
    assert found.sentences == (
        "With one seed the noise between seeds cannot be measured, so which is better cannot be "
        "told (accuracy: a 0.9000, b 0.5000).",
    )
    assert found.pairs[0].p is None


def test_two_seeds_are_called_weak():
    assert "Two seeds are a weak basis" in str(judged(a=[0.9, 0.91], b=[0.5, 0.6]))


def test_the_same_scores():
    found = judged(a=[0.9, 0.91, 0.9], b=[0.9, 0.91, 0.9])
    assert found.sentences[0] == "a and b have exactly the same accuracy with every seed."
    assert found.pairs[0].test == "identical"
    assert not found.pairs[0].differs


def test_the_same_difference_with_every_seed_is_no_certainty():
    found = judged(a=[0.9, 0.8, 0.7], b=[0.8, 0.7, 0.6])  # equal but for rounding
    assert found.pairs[0].test == "sign test"
    assert found.pairs[0].p == 0.25
    assert "the very same with each" in found.sentences[1]
    many = [0.9 - 0.01 * i for i in range(6)]
    assert judged(a=many, b=[value - 0.1 for value in many]).best == ("a",)


def test_runs_without_a_score_are_left_out():
    found = judged(
        a=[0.9, math.nan, 0.92, 0.91], b=[0.5, 0.51, None, 0.52], c=[None, math.inf], d=[]
    )
    assert (found.pairs[0].first, found.pairs[0].second, found.pairs[0].seeds) == ("a", "b", 2)
    said = str(found)
    assert "1 run of a gave no score (failed, or not a number) and is left out" in said
    assert "c and d have no score and are not judged." in said
    assert found.order == ("a", "b")


def test_no_scores_and_one_variant():
    assert "nothing to judge" in str(judged())
    assert "nothing to judge" in str(judged(a=[math.nan], b=[]))
    assert "nothing to compare it with" in str(judged(a=[0.9, 0.8]))


def test_many_failures_stay_readable():
    scores = {f"v{i}": {0: 0.1 * i, 1: None if i % 2 else 0.2} for i in range(60)}
    said = str(verdict(scores | {f"w{i}": {0: None} for i in range(60)}, **ACCURACY))
    assert len(said) < 4000
    assert "So are runs of 20 more." in said
    assert "and 51 more have no score and are not judged." in said


def test_no_common_seed():
    found = verdict({"a": {0: 0.9, 1: 0.8}, "b": {2: 0.5, 3: 0.4}}, **ACCURACY)
    assert "No two variants have two seeds in common" in found.sentences[0]
    assert found.pairs[0].difference is None


def test_dropped_variants_are_not_judged():
    scores = {"a": by_seed([0.9, 0.91]), "b": by_seed([0.5, 0.53]), "c": by_seed([0.99, 0.98])}
    found = verdict(scores, dropped=["c"], **ACCURACY)
    assert found.order == ("a", "b")
    assert "c was stopped early as the weakest so far and not judged." in str(found)


def test_many_variants_stay_readable():
    draw = np.random.default_rng(0)
    found = judged(**{f"v{i}": draw.normal(size=3).tolist() for i in range(60)})
    assert len(found.pairs) == 60 * 59 / 2
    assert len(str(found)) < 3000
    assert "more" in found.sentences[0]


@given(
    st.dictionaries(
        st.sampled_from("abcde"),
        st.dictionaries(st.integers(0, 5), st.none() | st.floats(), max_size=6),
    ),
    st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_any_scores_give_sentences_that_hold_together(scores, higher):
    found = verdict(scores, name="score", higher_is_better=higher)
    assert all(sentence.endswith(".") for sentence in found.sentences)
    beats = {(p.better, p.second if p.better == p.first else p.first) for p in found.pairs}
    others = [variant for variant in found.order if variant not in found.best]
    assert bool(found.best) <= bool(others)
    for a in found.best:
        assert all((a, b) in beats for b in others)
    for pair in found.pairs:
        if pair.p is not None:
            assert 0 <= pair.p <= pair.adjusted <= 1
        if pair.low is not None:
            assert pair.low <= pair.difference <= pair.high
        if pair.differs:
            assert ((pair.difference > 0) == higher) == (pair.better == pair.first)


def test_better_is_none_without_a_difference():
    pair = paired("a", "b", {"a": by_seed([1, 2, 3.5]), "b": by_seed([2, 1, 3])}, 0.05)
    assert corrected([pair], 0.05, True)[0].better is None


# Successive halving.


@given(st.integers(1, 300), st.integers(1, 300))
@settings(deadline=None)
def test_rungs_rise_and_drop_half_at_most(epochs, variants):
    found = rungs(epochs, variants)
    ends = [end for end, _ in found]
    stays = [variants, *(count for _, count in found)]
    assert ends == sorted(set(ends))
    assert ends[0] >= 1
    assert ends[-1] == epochs
    assert stays[-1] == stays[-2] if len(found) > 1 else stays[-1] == variants
    for before, after in itertools.pairwise(stays[:-1]):
        assert after == math.ceil(before / 2)
    assert min(stays) >= min(2, variants)


def test_stretches_between_rungs_take_about_the_same():
    found = rungs(124, 32)
    ends = [0, *(end for end, _ in found)]
    running = [32, *(count for _, count in found)]
    spent = [(b - a) * n for a, b, n in zip(ends, ends[1:], running, strict=False)]
    assert max(spent) <= 1.1 * min(spent)


@pytest.mark.parametrize(("epochs", "variants"), [(0, 3), (3, 0)])
def test_rungs_need_something(epochs, variants):
    with pytest.raises(ValueError, match="at least"):
        rungs(epochs, variants)


def test_stay_keeps_ties_and_drops_what_has_no_score():
    nan = math.nan
    assert stay({"a": [0.1], "b": [0.1], "c": [0.1]}, 1, True) == ["a", "b", "c"]
    assert stay({"a": [nan], "b": [nan, None]}, 1, True) == []
    assert stay({"a": [0.3, nan], "b": [0.2, 0.2], "c": [nan]}, 2, True) == ["a", "b"]
    assert stay({"a": [0.3], "b": [0.2], "c": [0.4]}, 1, False) == ["b"]
    assert stay({"a": [0.3], "b": [0.2]}, 0, True) == []
    # The same values in another order have the same mean.
    assert stay({"a": [0.1, 0.2, 0.3], "b": [0.3, 0.2, 0.1], "c": [0.0]}, 1, True) == ["a", "b"]


@given(
    st.dictionaries(st.integers(0, 30), st.lists(st.floats(-10, 10), min_size=1), max_size=12),
    st.integers(1, 12),
    st.booleans(),
)
@settings(deadline=None)
def test_who_stays_is_as_good_as_who_goes(scores, how_many, higher):
    kept = stay(scores, how_many, higher)
    assert len(kept) >= min(how_many, len(scores))
    means = {name: math.fsum(values) / len(values) for name, values in scores.items()}
    gone = [means[name] for name in scores if name not in kept]
    if gone and kept:
        worst = (min if higher else max)(means[name] for name in kept)
        assert all(worst > mean if higher else worst < mean for mean in gone)
