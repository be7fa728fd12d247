import copy
import inspect
import pickle
import threading
from dataclasses import dataclass, field, fields
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L

from keraslab import blocks as B

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Tower(B.Block):
    units: int
    depth: int = 2

    def wire(self, x):
        for i in range(self.depth):
            x = self.use(f"dense{i}", L.Dense, self.units)(x)
        return x


class Pair(B.Block):
    left: Any
    right: Any

    def wire(self, x):
        return self.use("add", L.Add)(
            [self.use("left", self.left)(x), self.use("right", self.right)(x)]
        )


class Fails(B.Block):
    inner: Any
    fail: bool = True

    def wire(self, x):
        x = self.use("before", L.Dense, 4)(x)
        x = self.inner and self.use("inner", self.inner)(x)
        if self.fail:
            raise ArithmeticError("as asked")
        return self.use("after", L.Dense, 4)(x)


@pytest.fixture
def x():
    keras.backend.clear_session(free_memory=False)
    return keras.Input((4,))


class TestFields:
    def test_no_decorator_is_needed(self):
        assert list(inspect.signature(Tower).parameters) == ["units", "depth", "name"]
        assert repr(Tower(3)) == "Tower(units=3, depth=2)"
        assert repr(Tower(3, depth=1, name="t")) == "Tower(units=3, depth=1, name='t')"

    def test_a_decorator_changes_nothing(self, x):
        @dataclass(eq=False)
        class Decorated(B.Block):
            sizes: list[int] = field(default_factory=lambda: [2, 3])
            last: int = field(default=1, kw_only=True)
            seen: int = field(default=0, init=False)

            def wire(self, x):
                for i, size in enumerate([*self.sizes, self.last]):
                    x = self.use(f"dense{i}", L.Dense, size)(x)
                return x

        class Bare(B.Block):
            sizes: list[int] = field(default_factory=lambda: [2, 3])
            last: int = field(default=1, kw_only=True)
            seen: int = field(default=0, init=False)
            wire = Decorated.wire

        class Below(Bare):
            more: int = 4

        for block in (Decorated(last=5), Bare(last=5), Below(last=5)):
            assert block.sizes == [2, 3]
            assert block.seen == 0
            assert block(x).shape == (None, 5)
            assert "sizes=[2, 3]" in repr(block)
            assert block.copy().last == 5
        with pytest.raises(TypeError):
            Decorated([2], 5)
        assert [f.name for f in fields(Below) if f.init] == ["name", "sizes", "last", "more"]

    def test_comparing_by_value_is_refused(self):
        @dataclass
        class ByValue(B.Block):
            units: int = 1

        with pytest.raises(TypeError, match=r"ByValue compares by value.*eq=False"):
            ByValue()

    def test_identity(self):
        a, b = B.Residual(4), B.Residual(4)
        assert a != b
        assert len({a, b, a}) == 2

    def test_pickled_and_deep_copied_blocks_are_settings_only(self, x):
        block = B.Residual(4, name="tower")
        block(keras.Input((6, 6, 4)))
        for other in (pickle.loads(pickle.dumps(block)), copy.copy(block), copy.deepcopy(block)):
            assert other.filters == 4
            assert other.name == "tower"
            assert other.parts == {}

    def test_no_wire(self, x):
        class Nothing(B.Block):
            pass

        with pytest.raises(NotImplementedError, match=r"Nothing has no `wire\(self, x\)`"):
            Nothing()(x)


class TestNames:
    def test_unnamed_blocks_are_counted_with_keras_layers(self, x):
        class Dense(B.Block):
            def wire(self, x):
                return self.use("in", L.Dense, 2)(x)

        a, layer, b = Dense(), L.Dense(2), Dense()
        a(x), b(x)
        assert [a.name, layer.name, b.name] == ["dense_1", "dense", "dense_2"]

    def test_a_name_is_taken_at_the_first_call(self, x):
        unused, used = Tower(2), Tower(2)
        used(x)
        assert (unused.name, used.name) == (None, "tower")

    def test_nested_names(self, x):
        named = Tower(4, name="mine")
        pair = Pair(Tower(4), named, name="pair")
        pair(x)
        assert [layer.name for layer in keras.Model(x, pair(x)).layers[1:]] == [
            "pair__left__dense0",
            "pair__mine__dense0",
            "pair__left__dense1",
            "pair__mine__dense1",
            "pair__add",
        ]
        assert named.name == "pair__mine"

    def test_deeply_nested_and_unnamed_burns_no_name(self, x):
        Pair(Pair(Tower(4), L.Dense(4, name="own")), Tower(4))(x)
        tower = Tower(4)
        tower(x)
        assert tower.name == "tower"

    def test_a_block_called_before_keeps_its_name(self, x):
        tower = Tower(4)
        tower(x)
        pair = Pair(tower, Tower(4))
        pair(x)
        assert tower.name == "tower"
        assert pair.right.name == "pair__right"

    def test_two_parts_of_one_name(self, x):
        with pytest.raises(ValueError, match="part 'left' is already called 'pair__t'"):
            Pair(Tower(4, name="t"), Tower(4, name="t"))(x)

    @pytest.mark.parametrize(
        "name", ["a__b", "a/b", "a.b", "a:b", "a b", "a|b", "", "_a", "a_", 3, "é"]
    )
    def test_names_that_break_a_backend(self, x, name):
        with pytest.raises(ValueError, match="a name may hold letters"):
            Tower(2, name=name)
        with pytest.raises(ValueError, match="a name may hold letters"):
            Tower(2, name="t").use(name, L.Dense, 2)

    @pytest.mark.parametrize("name", ["a", "conv1", "a-b", "a_b", "1", "A9"])
    def test_names_that_work(self, x, name):
        model = keras.Model(x, Tower(2, name=name)(x))
        model.compile("sgd", "mse")
        assert np.isfinite(model.train_on_batch(np.ones((2, 4)), np.ones((2, 2))))

    def test_class_names(self, x):
        class _MyHTTPTower2(Tower):
            pass

        block = _MyHTTPTower2(2)
        block(x)
        assert block.name == "my_http_tower2"


class TestUse:
    def test_outside_of_a_call(self, x):
        block = B.Block(name="b")
        layer = block.use("dense", L.Dense, 3)
        assert block.use("dense", L.Dense, units=3) is layer
        assert block.use("own", layer) is layer

    def test_other_settings(self, x):
        block = Tower(3)
        block(x)
        block.units = 5
        with pytest.raises(ValueError, match=r"'dense0' is Dense\(3\).*Received: Dense\(5\).*copy"):
            block(x)
        with pytest.raises(ValueError, match="cannot become another one"):
            block.use("dense0", L.Conv2D, 3)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (lambda: keras.initializers.HeNormal(1), lambda: keras.initializers.HeNormal(2)),
            (lambda: "ones", lambda: "zeros"),
            (lambda: np.ones(2), lambda: np.zeros(2)),
            (lambda: {"a": [1]}, lambda: {"a": [2]}),
            (lambda: (1, 2), lambda: 3),
        ],
    )
    def test_which_settings_are_the_same(self, first, second):
        def make(value, name):
            return L.Dense(1, name=name)

        block = B.Block()
        layer = block.use("part", make, first())
        assert block.use("part", make, value=first()) is layer
        with pytest.raises(ValueError, match="cannot become another one"):
            block.use("part", make, second())

    def test_a_block_class_and_a_finished_part(self, x):
        block = B.Block(name="b")
        inner = block.use("inner", Tower, 4)
        inner(x)
        assert [layer.name for layer in inner.parts.values()] == [
            "b__inner__dense0",
            "b__inner__dense1",
        ]
        dense = L.Dense(3, name="own")
        assert block.use("own", dense) is dense
        with pytest.raises(ValueError, match="is finished and takes no settings"):
            block.use("again", dense, 3)

    @pytest.mark.parametrize("part", [5, "dense", None, lambda name: name])
    def test_no_part(self, part):
        with pytest.raises(TypeError, match="a part is a layer, model or block"):
            B.Block().use("part", part)

    def test_a_name_argument(self):
        with pytest.raises(ValueError, match="the part name is the name"):
            B.Block().use("part", L.Dense, 3, name="x")

    def test_two_models_share(self, x):
        tower = Tower(4)
        a = keras.Model(x, tower(x))
        y = keras.Input((4,))
        b = keras.Model(y, L.Dense(1)(tower(y)))
        b.compile("sgd", "mse")
        before = a(np.ones((1, 4)))
        b.train_on_batch(np.ones((2, 4)), np.ones((2, 1)))
        assert not np.allclose(before, a(np.ones((1, 4))))


class TestInputs:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (np.ones((2, 4)), r"a ndarray of shape \(2, 4\).*keras.Model\(x, block\(x\)\)"),
            (L.Dense(2, name="d"), r"the Dense 'd'.*block\(layer\(x\)\)"),
            (Tower(2, name="t2"), "the Tower 't2'"),
            (L.Dense, "the class Dense"),
            (None, "None"),
            ("x", "'x'"),
            ([1, 2], r"1\. A block"),
        ],
    )
    def test_wrong_inputs(self, value, message):
        with pytest.raises(TypeError, match=f"Tower 't' was called on .*{message}"):
            Tower(2, name="t")(value)

    def test_wire_that_returns_nothing(self, x):
        class Forgets(B.Block):
            def wire(self, x):
                self.use("dense", L.Dense, 2)(x)

        with pytest.raises(TypeError, match=r"`wire` must return .* Received: None"):
            Forgets()(x)


class TestFailedCalls:
    def test_nothing_is_left(self, x):
        inner = Pair(Tower(4), Tower(4, name="kept"))
        block = Fails(inner)
        with pytest.raises(ArithmeticError):
            block(x)
        assert block.parts == inner.parts == inner.left.parts == {}
        assert (block.name, inner.name, inner.left.name, inner.right.name) == (
            None,
            None,
            None,
            "kept",
        )
        block.fail = False
        model = keras.Model(x, block(x))
        assert [layer.name for layer in model.layers if "dense0" in layer.name] == [
            "fails__inner__left__dense0",
            "fails__inner__kept__dense0",
        ]
        assert block.name == "fails"

    def test_what_was_there_stays(self, x):
        inner = Tower(4)
        block = Fails(inner, fail=False)
        block(x)
        before = block.parts, inner.parts
        block.fail = True
        with pytest.raises(ArithmeticError):
            block(x)
        assert (block.parts, inner.parts) == before
        assert inner.name == "fails__inner"

    def test_a_failure_that_is_caught_inside(self, x):
        class Careful(B.Block):
            bad: Any
            good: Any

            def wire(self, x):
                try:
                    return self.use("bad", self.bad)(x)
                except ArithmeticError:
                    return self.use("good", self.good)(x)

        bad, good = Fails(None), Tower(4)
        Careful(bad, good)(x)
        assert bad.parts == {}
        assert list(good.parts) == ["dense0", "dense1"]

    def test_a_keras_error(self):
        block = B.Residual(4, kernel_size=3)
        image = keras.Input((8, 8, 2))
        block(image)
        before = block.parts
        with pytest.raises(ValueError, match="expected axis"):
            block(keras.Input((8, 8, 4)))
        assert block.parts == before


class TestCopy:
    def test_settings_names_and_weights(self, x):
        block = Pair(Tower(4, name="t"), L.Dense(4, name="d"), name="p")
        a = block(x)
        other = block.copy()
        model = keras.Model(x, [a, other(x), block.copy(name="q")(x)])
        assert other.name == "p_1"
        assert other.left.name == "p_1__t_1"
        assert other.right.name == "d_1"
        assert model.count_params() == 3 * (2 * 20 + 20)

    def test_an_unnamed_block_stays_unnamed(self, x):
        block = Tower(4)
        block(x)
        assert block.copy().name is None

    def test_one_thing_in_two_fields_stays_one(self, x):
        tower = Tower(4)
        other = Pair(tower, tower).copy()
        assert other.left is other.right is not tower
        dense = L.Dense(4)
        other = Pair(dense, dense).copy()
        assert other.left is other.right is not dense

    def test_models_and_containers(self):
        class Many(B.Block):
            parts_: list[Any]

        model = keras.Sequential([keras.Input((2,)), L.Dense(3)], name="seq")
        other = Many([model, {"a": Tower(3)}, 5]).copy().parts_
        assert isinstance(other[0], keras.Sequential)
        assert other[0].name == "seq_1"
        assert other[0].weights[0] is not model.weights[0]
        assert isinstance(other[1]["a"], Tower)
        assert other[2] == 5


class TestThreads:
    def test_two_threads_make_one_set_of_parts(self):
        block, inner = None, Tower(4, depth=6)
        block = Fails(inner, fail=False, name="shared")
        start, models = threading.Barrier(4), []

        def build():
            start.wait(timeout=30)
            x = keras.Input((4,))
            models.append(keras.Model(x, block(x)))

        threads = [threading.Thread(target=build) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(models) == 4
        assert len({id(w) for model in models for w in model.weights}) == 2 * 8


class TestTrialBuilds:
    def test_captured_blocks_are_put_back(self, x):
        tower, seen = Tower(4), Pair(Tower(4), Tower(4))
        seen(x)
        for size in (3, 5):  # other sizes on every rebuild, as a slider does
            with B.trial_build(), keras.StatelessScope(initialize_variables=False):
                inside = Tower(4)
                y = keras.Input((size,))
                assert inside(tower(y)).shape == (None, 4)
                assert (tower.name, inside.name) in {("tower", "tower_1"), ("tower_2", "tower_3")}
            assert (tower.name, tower.parts) == (None, {})
            assert len(inside.parts) == 2
        assert len(seen.parts) == 3
        model = keras.Model(x, tower(x))
        model.compile("sgd", "mse")
        assert np.isfinite(model.train_on_batch(np.ones((2, 4)), np.ones((2, 4))))

    def test_layers_without_weights_are_not_handed_out(self, x):
        with B.trial_build(), keras.StatelessScope(initialize_variables=False):
            tower = Tower(4)
            tower(x), tower(x)
        with pytest.raises(RuntimeError, match=r"Tower 'tower' made its layers in a build without"):
            tower(x)
        assert keras.Model(x, tower.copy()(x)).count_params() == 40

    def test_a_captured_block_and_a_new_one_have_two_names(self, x):
        captured = Tower(4)
        captured(x)
        keras.backend.clear_session(free_memory=False)  # a trial counts names from the start
        with B.trial_build(), keras.StatelessScope(initialize_variables=False):
            inside = Tower(4)
            inside(captured(keras.Input((4,))))
            assert (captured.name, inside.name) == ("tower", "tower_1")


def test_a_nested_block_of_other_settings_is_another_part():
    block, x = B.Block(name="outer"), keras.Input((4, 4, 8))
    first = block.use("tower", B.Repeat, B.Residual(8), 2)
    assert block.use("tower", B.Repeat, B.Residual(8), 2) is first
    with pytest.raises(ValueError, match=r"part 'tower' is Repeat.*another part name"):
        block.use("tower", B.Repeat, B.Residual(16), 2)
    assert first(x).shape == (None, 4, 4, 8)


def test_a_failed_call_of_another_way_in_leaves_nothing_behind():
    attention = B.MultiHeadAttention(2)
    x = keras.Input((5, 8))
    with pytest.raises(ValueError, match="Received"):
        attention.with_scores(x, keras.Input((8,)))
    assert attention.parts == {}
    assert attention(x).shape == (None, 5, 8)


def test_a_dict_is_refused_where_the_order_matters():
    a, b = keras.Input((4,)), keras.Input((4,))
    twin = B.Twin(keras.layers.Dense(2))
    with pytest.raises(ValueError, match=r"keys \['left', 'right'\].*\[inputs\['left'\]"):
        twin({"left": a, "right": b})
