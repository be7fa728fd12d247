import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab import zoo

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def output_of(model, layer):
    return keras.Model(model.input, model.get_layer(layer).output)


class TestSiamese:
    def test_published_parameters(self):
        with kl.skeleton():
            model = zoo.siamese()
        # 64@10x10, 128@7x7, 128@4x4, 256@4x4, 4096, 1: figure 4 of the paper gives every size.
        assert model.count_params() == 38_951_745

    def test_the_order_of_the_two_images_does_not_matter(self):
        model = zoo.siamese((12, 12, 1), filters=(4, 6), kernel_sizes=(3, 4), embedding=5)
        a, b = draw(3, 12, 12, 1), draw(3, 12, 12, 1, seed=1)
        np.testing.assert_allclose(array(model([a, b])), array(model([b, a])), rtol=1e-5)
        alike = array(model([a, a]))
        # |a - a| = 0 leaves the bias.
        bias = array(model.get_layer("same").bias)
        np.testing.assert_allclose(alike, np.full((3, 1), 1 / (1 + np.exp(-bias[0]))), rtol=1e-5)

    def test_wrong_settings(self):
        with pytest.raises(ValueError, match=r"kernel_sizes=.*as many as filters"):
            zoo.siamese(filters=(4, 4))
        with pytest.raises(ValueError, match=r"28 pixels is too small.*\(10, 7, 4, 4\)"):
            zoo.siamese((28, 28, 1))
        with pytest.raises(ValueError, match=r"siamese\(input_shape=.*must be known"):
            zoo.siamese((None, None, 1))
        with pytest.raises(ValueError, match=r"siamese\(input_shape=.*Received: \(28, 28\)"):
            zoo.siamese((28, 28))
        with pytest.raises(ValueError, match=r"siamese\(distance=.*Received: 'manhattan'"):
            zoo.siamese(distance="manhattan")


class TestTriplet:
    def test_model_computes_the_loss_of_the_encoders_vectors(self):
        network = zoo.triplet((8, 8, 1), filters=(4, 6), depth=1, embedding=3, margin=0.4)
        images = [draw(5, 8, 8, 1, seed=i) for i in range(3)]
        a, p, n = (array(network.encoder(x)) for x in images)
        np.testing.assert_allclose((a**2).sum(-1), 1, rtol=1e-5)
        loss = np.maximum(((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 0.4, 0)
        np.testing.assert_allclose(array(network.model(images))[:, 0], loss, rtol=1e-4, atol=1e-5)
        assert {id(w) for w in network.encoder.weights} == {id(w) for w in network.model.weights}

    def test_any_size(self):
        network = zoo.triplet((None, None, 1), filters=(4,), depth=1, embedding=3)
        assert network.encoder(draw(2, 5, 9, 1)).shape == (2, 3)

    def test_wrong_settings(self):
        with pytest.raises(ValueError, match=r"triplet\(filters=.*Received: \(\)"):
            zoo.triplet(filters=())
        with pytest.raises(ValueError, match=r"depth=.*Received: 0"):
            zoo.triplet(depth=0)
        with pytest.raises(ValueError, match=r"triplet\(margin=.*Received: 0"):
            zoo.triplet(margin=0)


class TestImageAndText:
    def test_published_widths(self):
        with kl.skeleton():
            model = zoo.image_and_text()
        # Two LSTMs of 512 with state and output each; both branches 1,024; 1,000 answers.
        assert model.get_layer("text_encoder__states").output.shape == (None, 2048)
        assert model.get_layer("fusion__multiply").output.shape == (None, 1024)
        assert model.output_shape == (None, 1000)

    def small(self, **settings):
        return zoo.image_and_text(
            (8, 8, 3), 11, None, 4, filters=(4,), embedding=4, recurrent=3, width=6, hidden=5,
            **settings,
        )  # fmt: skip

    @pytest.mark.parametrize("fusion", ["multiply", "gated", "cross_attention"])
    def test_padding_changes_nothing_and_both_inputs_count(self, fusion):
        model = self.small(fusion=fusion)
        image = draw(1, 8, 8, 3)
        short = array(model({"image": image, "text": np.array([[3, 4]])}))
        padded = array(model({"image": image, "text": np.array([[3, 4, 0, 0]])}))
        np.testing.assert_allclose(short, padded, rtol=1e-5)
        assert not np.allclose(short, model({"image": image, "text": np.array([[4, 3]])}))
        assert not np.allclose(short, model({"image": -image, "text": np.array([[3, 4]])}))

    def test_fusion_is_the_product_of_the_branches(self):
        model = self.small()
        data = {"image": draw(2, 8, 8, 3), "text": np.array([[3, 4], [5, 0]])}
        branches = [
            array(output_of(model, f"{branch}__features")(data))
            for branch in ("image_encoder", "text_encoder")
        ]
        fused = array(output_of(model, "fusion__multiply")(data))
        np.testing.assert_allclose(fused, branches[0] * branches[1], rtol=1e-5)

    def test_wrong_fusion(self):
        with pytest.raises(ValueError, match=r"image_and_text\(fusion=.*Received: 'film'"):
            zoo.image_and_text(fusion="film")


class TestTextAndAudio:
    def test_any_length_and_padding(self):
        model = zoo.text_and_audio(11, None, None, 6, 4, embedding=4, recurrent=4)
        audio = draw(2, 21, 6)
        short = array(model({"text": np.array([[3, 4], [5, 6]]), "audio": audio}))
        padded = array(model({"text": np.array([[3, 4, 0], [5, 6, 0]]), "audio": audio}))
        np.testing.assert_allclose(short, padded, rtol=1e-5)

    def test_attention_looks_at_the_words_only(self):
        model = zoo.text_and_audio(
            11, None, 16, 6, 4, fusion="cross_attention", embedding=4, recurrent=4
        )
        audio = draw(1, 16, 6)
        short = array(model({"text": np.array([[3, 4]]), "audio": audio}))
        padded = array(model({"text": np.array([[3, 4, 0, 0]]), "audio": audio}))
        np.testing.assert_allclose(short, padded, rtol=1e-5)

    def test_wrong_fusion(self):
        with pytest.raises(ValueError, match=r"text_and_audio\(fusion=.*Received: 'sum'"):
            zoo.text_and_audio(fusion="sum")


class TestImageAndTable:
    def small(self, fusion):
        return zoo.image_and_table(
            (8, 8, 3), 2, {"site": 5}, 3, fusion=fusion, filters=(4, 6), hidden=8
        )

    @pytest.mark.parametrize(
        ("fusion", "shape"), [("film", (None, 4, 4, 4)), ("gated", (None, 8)), ("add", (None, 8))]
    )
    def test_where_the_two_meet(self, fusion, shape):
        model = self.small(fusion)
        assert model.get_layer("fusion__add").output.shape == shape
        row = {"numbers": draw(1, 2), "site": np.array([[1]])}
        image = draw(1, 8, 8, 3)
        y = array(model({"image": image, **row}))
        assert not np.allclose(y, model({"image": image, **row, "site": np.array([[2]])}))
        assert not np.allclose(y, model({"image": image, **row, "numbers": -row["numbers"]}))
        assert not np.allclose(y, model({"image": -image, **row}))

    def test_wrong_settings(self):
        for settings, message in {
            "numbers": ({"numbers": -1}, r"image_and_table\(numbers=.*Received: -1"),
            "values": ({"categories": {"a": 0}}, r"categories=.*'a': 0"),
            "taken": ({"categories": {"image": 3}}, r"'image' is the name.*Try: 'image_id'"),
            "none": ({"numbers": 0, "categories": {}}, "no columns"),
            "fusion": ({"fusion": "sum"}, r"image_and_table\(fusion=.*'sum'"),
            "attention": ({"fusion": "cross_attention"}, r"fusion=.*'cross_attention'"),
            "filters": ({"filters": ()}, r"filters=.*Received: \(\)"),
        }.values():
            with pytest.raises(ValueError, match=message):
                zoo.image_and_table((8, 8, 3), **settings)


class TestWideAndDeep:
    def test_logit_is_the_sum_of_both_parts(self):
        model = zoo.wide_and_deep(
            2, {"a": 3, "b": 4}, [("a", "b")], embedding=2, hidden=(5,), activation="linear"
        )
        random = np.random.default_rng(0)
        w = {}
        for layer in model.layers:
            for weight in layer.weights:
                weight.assign(random.normal(size=weight.shape))
                w[f"{layer.name}/{weight.name}"] = array(weight)
        a, b, numbers = np.array([2, 0, 1]), np.array([1, 3, 3]), draw(3, 2)
        found = model({"numbers": numbers, "a": a[:, None], "b": b[:, None]})
        wide = w["wide__a/embeddings"][a] + w["wide__b/embeddings"][b]
        wide = wide + w["wide__cross_a_b/embeddings"].reshape(3, 4, 1)[a, b]
        embedded = [
            w[f"deep__columns__embed_{c}/embeddings"][ids] for c, ids in (("a", a), ("b", b))
        ]
        x = np.concatenate([numbers, *embedded], -1)
        x = np.maximum(x @ w["deep__hidden1/kernel"] + w["deep__hidden1/bias"], 0)
        deep = x @ w["deep__output/kernel"] + w["deep__output/bias"]
        np.testing.assert_allclose(array(found), wide + deep, rtol=1e-4, atol=1e-5)

    def test_published_widths(self):
        with kl.skeleton():
            model = zoo.wide_and_deep()
        widths = [model.get_layer(f"deep__hidden{i}").units for i in (1, 2, 3)]
        assert widths == [1024, 512, 256]
        assert model.get_layer("wide__cross_installed_app_impression_app").input_dim == 10**6

    def test_numbers_alone(self):
        assert zoo.wide_and_deep(3, {}, (), hidden=(4,)).output_shape == (None, 1)

    def test_wrong_settings(self):
        for crosses in ([("a", "x")], [("a", "a")], [("a",)]):
            with pytest.raises(ValueError, match=r"crosses=.*columns 'a', 'b'\. Received"):
                zoo.wide_and_deep(2, {"a": 3, "b": 4}, crosses)
        with pytest.raises(ValueError, match=r"'numbers' is the name of another input"):
            zoo.wide_and_deep(2, {"numbers": 3}, ())
        with pytest.raises(ValueError, match=r"wide_and_deep\(activation="):
            zoo.wide_and_deep(activation="step")


class TestTwoTower:
    def small(self, **settings):
        return zoo.two_tower(7, 9, 2, 4, embedding=3, hidden=(8,), output=5, **settings)

    def data(self, n=6):
        random = np.random.default_rng(0)
        return {
            "user": random.integers(0, 7, (n, 1)),
            "context": draw(n, 2),
            "history": random.integers(1, 9, (n, 4)),
            "item": random.integers(1, 9, (n, 1)),
        }

    def test_score_is_that_of_the_two_vectors(self):
        towers = self.small(temperature=0.5)
        data = self.data()
        q = array(towers.query({k: data[k] for k in ("user", "context", "history")}))
        c = array(towers.candidate({"item": data["item"]}))
        np.testing.assert_allclose((q**2).sum(-1), 1, rtol=1e-5)
        np.testing.assert_allclose((c**2).sum(-1), 1, rtol=1e-5)
        expected = 1 / (1 + np.exp(-(q * c).sum(-1, keepdims=True) / 0.5))
        np.testing.assert_allclose(array(towers.model(data)), expected, rtol=1e-4)

    def test_padding_and_order_of_the_history_do_not_count(self):
        towers = self.small()
        data = {**self.data(1), "history": np.array([[3, 5, 0, 0]])}
        other = {**data, "history": np.array([[0, 5, 0, 3]])}
        np.testing.assert_allclose(array(towers.model(data)), array(towers.model(other)), rtol=1e-5)
        empty = {**data, "history": np.zeros((1, 4), int)}
        assert np.isfinite(array(towers.model(empty))).all()

    def test_history_and_candidate_share_the_item_table(self):
        towers = self.small()
        shared = {id(w) for w in towers.query.weights} & {id(w) for w in towers.candidate.weights}
        table = towers.model.get_layer("item_table__embedding")
        assert shared == {id(w) for w in table.weights}
        all_ = {id(w) for w in towers.query.weights} | {id(w) for w in towers.candidate.weights}
        assert {id(w) for w in towers.model.weights} == all_

    def test_it_learns_a_taste(self):
        towers = zoo.two_tower(4, 9, 1, 3, embedding=8, hidden=(16,), output=8)
        random = np.random.default_rng(0)
        n = 512
        user, item = random.integers(0, 4, (n, 1)), random.integers(1, 9, (n, 1))
        likes = (user + item) % 2
        history = random.integers(0, 9, (n, 3))
        data = {"user": user, "context": np.zeros((n, 1)), "history": history, "item": item}
        towers.model.compile(
            keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"]
        )
        towers.model.fit(data, likes, batch_size=64, epochs=20, verbose=0)
        assert towers.model.evaluate(data, likes, verbose=0)[1] > 0.95

    def test_wrong_settings(self):
        with pytest.raises(ValueError, match=r"temperature=.*Received: 0"):
            self.small(temperature=0)
        with pytest.raises(ValueError, match=r"two_tower\(items=.*Received: 0"):
            zoo.two_tower(items=0)
        with pytest.raises(ValueError, match=r"two_tower\(users=.*Received: 0"):
            zoo.two_tower(users=0)


class TestMultiTask:
    def test_published_trunk(self):
        with kl.skeleton():
            trunk = zoo.multi_task().trunk
        # torchvision's resnet18 has 11,689,512 parameters, 513,000 of them in its last layer.
        trainable = sum(int(np.prod(w.shape)) for w in trunk.trainable_weights)
        assert trainable == 11_689_512 - 513_000

    def test_trains_with_fixed_and_with_learned_weights(self):
        made = zoo.multi_task((None, None, 1), 4, 3, filters=(4,), depth=1, hidden=6)
        random = np.random.default_rng(0)
        x = draw(8, 16, 20, 1)
        y = {
            "class": random.integers(0, 4, 8),
            "box": random.uniform(size=(8, 4)),
            "attributes": random.integers(0, 2, (8, 3)),
        }
        for model in (made.model, made.heads.uncertainty_weighted(made.model)):
            model.compile("adam", **made.heads.compile_args(), run_eagerly=True)
            history = model.fit(x, y, epochs=2, verbose=0).history
            assert {"class_loss", "box_loss", "attributes_loss", "class_accuracy"} <= set(history)
        assert {id(w) for w in made.trunk.weights} < {id(w) for w in made.model.weights}

    def test_wrong_settings(self):
        with pytest.raises(ValueError, match=r"multi_task\(filters=.*Received: \(\)"):
            zoo.multi_task(filters=())
        with pytest.raises(ValueError, match=r"multi_task\(classes=.*Received: 0"):
            zoo.multi_task(classes=0)
        with pytest.raises(ValueError, match=r"depth=.*Received: 0"):
            zoo.multi_task(depth=0)
