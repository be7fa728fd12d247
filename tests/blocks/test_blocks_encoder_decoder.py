import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._crop import crop_model
from keraslab.blocks._decoder import UpBlock

# TensorFlow's own variables warn when numpy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def array(x):
    return keras.ops.convert_to_numpy(x)


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


class Step(B.ImageBlock):
    """Two convolutions with biases and ReLU."""

    filters: int

    def wire(self, x):
        for part in ("conv1", "conv2"):
            x = self.conv(part, x, self.filters, use_bias=True, activation="relu")
        return x


def by_hand(x, filters, skip):
    """A U-Net of depth 2 in the Functional API, and its layers in the order of use."""
    made = []

    def conv(y, width):
        for _ in range(2):
            made.append(L.Conv2D(width, 3, padding="same", activation="relu"))
            y = made[-1](y)
        return y

    def back(y, width, other):
        made.append(L.Conv2DTranspose(width, 2, strides=2))
        y = made[-1](y)[:, : other.shape[1], : other.shape[2], :]
        return conv(L.Concatenate()([other, y]) if skip else y, width)

    first = conv(x, filters)
    second = conv(L.MaxPooling2D(2, padding="same")(first), 2 * filters)
    y = conv(L.MaxPooling2D(2, padding="same")(second), 4 * filters)
    y = back(y, 2 * filters, second)
    return back(y, filters, first), made


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("size", [(8, 12), (7, 10), (1, 5)])
def test_unet_equals_one_written_by_hand(size, skip):
    x = keras.Input((*size, 2))
    block = B.UNet(3, depth=2, block=Step, skip=skip)
    model = keras.Model(x, block(x))
    y, layers = by_hand(x, 3, skip)
    reference = keras.Model(x, y)
    steps = ["encode1", "encode2", "bottom", "up2", "decode2", "up1", "decode1"]
    ours = []
    for part in (block.parts[step] for step in steps):
        ours += part.parts.values() if isinstance(part, B.Block) else [part]
    for layer, our in zip(layers, ours, strict=True):
        our.set_weights(layer.get_weights())
        our.bias.assign(np.linspace(-0.1, 0.1, our.bias.shape[0]))
        layer.bias.assign(our.bias)
    data = noise(2, *size, 2)
    assert np.ptp(array(model(data))) > 0
    np.testing.assert_allclose(array(model(data)), array(reference(data)), rtol=1e-5, atol=1e-5)


def test_a_cut_is_there_only_where_a_size_is_odd_and_says_what_it_cuts():
    def cuts(*shape, depth=3):
        block = B.UNet(2, depth, block=Step, name="unet")
        model = keras.Model(x := keras.Input(shape), block(x))
        return [layer.name for layer in model.layers if "crop" in layer.name]

    assert cuts(16, 24, 1) == []
    assert cuts(16, 23, 1) == ["unet__crop1_width"]
    # 30, 15, 8, 4 and 25, 13, 7, 4
    assert cuts(30, 25, 1) == ["unet__crop3_width", "unet__crop2_height_width", "unet__crop1_width"]
    assert cuts(9, 1, depth=1) == ["unet__crop1_length"]
    assert cuts(3, 2, 5, 1, depth=1) == ["unet__crop1_depth_width"]
    assert cuts(None, 8, 1, depth=2) == ["unet__crop2", "unet__crop1"]


def test_sizes_unknown_until_run_give_the_same_as_known_ones():
    block = B.UNet(2, 3, block=Step)
    x = keras.Input((None, None, 1))
    unknown = keras.Model(x, block(x))

    @settings(max_examples=5, deadline=None, derandomize=True, database=None)
    @given(st.tuples(st.integers(1, 13), st.integers(1, 13)))
    def same(size):
        x = keras.Input((*size, 1))
        known, data = keras.Model(x, block(x)), noise(2, *size, 1)
        first, second = array(known(data)), array(unknown(data))
        assert first.shape == (2, *size, 2)
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)

    same()


def test_a_call_on_another_size_may_cut_elsewhere_and_shares_the_weights():
    block = B.UNet(2, 2, block=Step)
    models = [keras.Model(x := keras.Input((*size, 1)), block(x)) for size in [(8, 8), (7, 8)]]
    assert [w.path for w in models[0].weights] == [w.path for w in models[1].weights]
    assert {id(w) for w in models[0].weights} == {id(w) for w in models[1].weights}


def test_a_cut_found_while_running_is_right_beyond_what_half_precision_can_count():
    for dtype in ("float16", "float32"):
        cut = crop_model((None, 1), (None, 2), (1,), (dtype, dtype), name="cut")
        x = noise(1, 5002, 1).astype(dtype)
        y = array(cut([x, np.zeros((1, 5001, 2), dtype)]))
        np.testing.assert_array_equal(y, x[:, :5001])


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("channels_first")
def test_a_sequence_with_channels_first_is_cut_along_its_length():
    class Cut(UpBlock):
        def wire(self, x):
            return self.crop("crop", x, (3,))

    x, data = keras.Input((2, 4)), noise(1, 2, 4)
    np.testing.assert_array_equal(array(keras.Model(x, Cut()(x))(data)), data[:, :, :3])


@pytest.mark.usefixtures("channels_first")
def test_shapes_with_channels_first():
    with keras.StatelessScope(initialize_variables=False):
        assert B.UNet(2, 2)(keras.Input((3, 7, 10))).shape == (None, 2, 7, 10)
        assert B.UNet(2, 2)(keras.Input((3, None, 10))).shape == (None, 2, None, 10)
        assert B.UNet(2, 2)(keras.Input((3, 7))).shape == (None, 2, 7)
        assert B.Decoder((3, 7), [4])(keras.Input((5,))).shape == (None, 3, 7)
        assert B.UNet(2, 2)(keras.Input((3, 7, 5, 6))).shape == (None, 2, 7, 5, 6)
        encoder = B.Encoder([4, 8])
        small = encoder(keras.Input((3, 7, 10)))
        assert small.shape == (None, 8, 2, 3)
        assert encoder.decoder((3, 7, 10))(small).shape == (None, 3, 7, 10)
        assert B.Decoder((3, 7, 10), [4])(keras.Input((5,))).shape == (None, 3, 7, 10)


@pytest.mark.usefixtures("channels_first")
def test_a_softmax_of_a_decoded_picture_is_over_its_channels():
    picture = keras.Input((3, 4, 5))
    block = B.ImageBlock(name="end")
    values = noise(2, 3, 4, 5)
    made = array(keras.Model(picture, block.over_channels("output", picture, "softmax"))(values))
    np.testing.assert_allclose(made.sum(1), 1, rtol=1e-5)
    decoder = B.Decoder((3, 7, 10), [4], output="softmax", name="decoder")
    with keras.StatelessScope(initialize_variables=False):
        assert decoder(keras.Input((5,))).shape == (None, 3, 7, 10)
    assert {"output", "channels_last", "channels_first"} <= decoder.parts.keys()


def test_cutting_keeps_the_beginning():
    class Cut(UpBlock):
        def wire(self, x):
            return self.crop("crop", x, (3, 4))

    x = keras.Input((4, 4, 2))
    data = noise(1, 4, 4, 2)
    np.testing.assert_array_equal(array(keras.Model(x, Cut()(x))(data)), data[:, :3])


def test_encoder_and_decoder_equal_ones_written_by_hand():
    encoder, x = B.Encoder([3, 4], code=2), keras.Input((7, 6, 1))
    code = encoder(x)
    decoder = encoder.decoder((7, 6, 1), "sigmoid")
    model = keras.Model(x, decoder(code))
    layers = [layer for layer in model.layers if layer.weights]
    random = np.random.default_rng(1)
    for weight in model.weights:  # fresh statistics would hide a mistake
        weight.assign(random.uniform(0.2, 0.8, weight.shape))
    take = iter(layers)
    copies = []

    def again(kind, **expected):
        layer = next(take)
        config = layer.get_config()
        assert type(layer) is kind
        assert {key: config[key] for key in expected} == expected
        copies.append(kind.from_config({**config, "name": None}))
        return copies[-1]

    relu, y = L.ReLU(), x
    for _ in range(2):
        y = again(L.Conv2D, kernel_size=(4, 4), strides=(2, 2), padding="same")(y)
        y = relu(again(L.BatchNormalization, momentum=0.9)(y))
    y = again(L.Dense, units=2)(L.Flatten()(y))
    y = L.Reshape((2, 2, 4))(again(L.Dense, use_bias=False)(y))
    y = relu(again(L.BatchNormalization)(y))
    y = again(L.Conv2DTranspose, kernel_size=(4, 4), strides=(2, 2), padding="same")(y)
    y = relu(again(L.BatchNormalization)(y[:, :4, :3]))
    y = again(L.Conv2DTranspose, use_bias=True)(y)
    y = keras.ops.sigmoid(y[:, :7, :6])
    reference = keras.Model(x, y)
    for layer, copy in zip(layers, copies, strict=True):
        copy.set_weights(layer.get_weights())
    data = noise(2, 7, 6, 1)
    np.testing.assert_allclose(array(model(data)), array(reference(data)), rtol=1e-5, atol=1e-5)


def test_mirror_takes_an_image_too_and_has_weights_of_its_own():
    encoder, x = B.Encoder([3, 4], kernel_size=2, activation="gelu"), keras.Input((8, 8, 1))
    decoder = encoder.decoder((8, 8, 1))
    model = keras.Model(x, decoder(encoder(x)))
    kernels = [tuple(w.shape) for w in model.weights if w.path.endswith("kernel")]
    assert kernels == [(2, 2, 1, 3), (2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 1, 3)]
    assert decoder.activation == "gelu"
    assert isinstance(encoder.copy().decoder((8, 8, 1)), B.Decoder)


IMAGE = (8, 8, 3)
WRONG = {
    "unet-filters": (lambda: B.UNet(0), r"UNet\(filters=\.\.\.\): must be a whole .* Received: 0"),
    "unet-depth": (lambda: B.UNet(4, depth=0), r"UNet\(depth=\.\.\.\).*Received: 0"),
    "unet-name": (lambda: B.UNet(4, name="a__b"), r"UNet\(name=\.\.\.\).*'a__b'"),
    "unet-block": (lambda: B.UNet(4, block=B.Residual(4)), r"block class, or a function.*Residual"),
    "unet-layer": (lambda: B.UNet(4, block=L.Dense(4)), r"block class, or a function.*Dense"),
    "unet-dict": (lambda: B.UNet(4, block={"a": 1}), r"block class, or a function.*\{'a': 1\}"),
    "unet-layer-class": (lambda: B.UNet(4, block=L.Dense), r"must return a new block.*Dense"),
    "unet-rank": (lambda: B.UNet(4)(keras.Input((8,))), r"image-like tensor.*\(None, 8\)"),
    "unet-shrinks": (
        lambda: B.UNet(4, block=lambda f: B.ConvNorm(f, stride=2))(keras.Input(IMAGE)),
        r"must keep the sizes.*\(None, 4, 4, 4\) from \(None, 8, 8, 3\) in 'encode1'",
    ),
    "unet-flattens": (
        lambda: B.UNet(4, block=lambda f: B.Chain([L.Flatten()]))(keras.Input(IMAGE)),
        r"must keep the sizes.*\(None, 192\)",
    ),
    "encoder-filters": (lambda: B.Encoder(8), r"Encoder\(filters=\.\.\.\): must be a list.*: 8"),
    "encoder-empty": (lambda: B.Encoder([]), r"must be a list.*\[32, 64\]. Received: \[\]"),
    "encoder-dict": (lambda: B.Encoder({"a": 3}), r"must be a list.*\{'a': 3\}"),
    "encoder-width": (lambda: B.Encoder([4, 0]), r"Encoder\(filters=\.\.\.\).*Received: 0"),
    "encoder-code": (lambda: B.Encoder([4], code=0), r"Encoder\(code=\.\.\.\).*Received: 0"),
    "encoder-kernel": (lambda: B.Encoder([4], kernel_size=0), r"kernel_size=\.\.\.\).*: 0"),
    "encoder-activation": (lambda: B.Encoder([4], activation="rilu"), r"such as 'relu'.*'rilu'"),
    "encoder-rank": (lambda: B.Encoder([4])(keras.Input((8,))), r"image-like tensor.*\(None, 8\)"),
    "encoder-unknown-size": (
        lambda: B.Encoder([4], code=2)(keras.Input((None, 8, 3))),
        r"code=2 wants an image of known size.*or code=None",
    ),
    "decoder-shape": (lambda: B.Decoder(8, [4]), r"Decoder\(shape=\.\.\.\).*\(28, 28, 1\).*: 8"),
    "decoder-shape-zero": (lambda: B.Decoder((0, 8, 1), [4]), r"shape=\.\.\.\).*Received: 0"),
    "decoder-channels": (lambda: B.Decoder((8, 8, None), [4]), r"shape=\.\.\.\).*: None"),
    "decoder-filters": (lambda: B.Decoder(IMAGE, 4), r"Decoder\(filters=\.\.\.\).*Received: 4"),
    "decoder-output": (lambda: B.Decoder(IMAGE, [4], output="no"), r"output=\.\.\.\).*'no'"),
    "decoder-vector": (
        lambda: B.Decoder((None, 8, 1), [4])(keras.Input((5,))),
        r"vector can only become an image of known size",
    ),
    "decoder-size": (
        lambda: B.Decoder(IMAGE, [4, 4])(keras.Input((4, 4, 4))),
        r"in 2 steps begins with one of \(2, 2, 4\). Received: \(4, 4, 4\)",
    ),
    "decoder-rank": (lambda: B.Decoder(IMAGE, [4])(keras.Input((4, 4))), r"image-like tensor"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_named_with_a_way_out(case):
    make, message = WRONG[case]
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_block_returned_twice_is_refused():
    shared = B.ConvNorm(4)
    with pytest.raises(TypeError, match="must return a new block for every level"):
        B.UNet(4, depth=2, block=lambda filters: shared)


def test_a_failed_call_leaves_no_parts_behind():
    block = B.UNet(2, depth=2, block=lambda f: B.ConvNorm(f, padding="valid"))
    with pytest.raises(ValueError, match="must keep the sizes"):
        block(keras.Input((8, 8, 1)))
    assert block.parts == {}


class Wide(B.Block):
    """A block class whose first setting is not called `filters`, though it is that."""

    width: int

    def wire(self, x):
        return self.use("conv", L.Conv2D, self.width, 1)(x)


class Sum(B.Block):
    """A block class that takes its own number of channels only."""

    width: int

    def wire(self, x):
        return self.use("add", L.Add)([x, self.use("conv", L.Conv2D, self.width, 1)(x)])


class TestBlockOfALevel:
    """`block=...`: what makes a level's block from its number of channels."""

    WAYS = pytest.mark.parametrize(
        "make",
        [
            lambda block: B.UNet(8, depth=1, block=block, name="net"),
            lambda block: B.MultiResolution([8], depth=2, block=block, name="net"),
        ],
        ids=["unet", "multi_resolution"],
    )

    @WAYS
    @pytest.mark.parametrize("block", [B.DenseBlock, B.Xception, B.Repeat, L.Add])
    def test_one_that_cannot_be_made_of_a_number(self, make, block):
        message = rf"\(block=...\): {block.__name__}\(8\) failed: .*lambda n: .*{block.__name__}\("
        with pytest.raises(TypeError, match=message):
            make(block)

    @WAYS
    @pytest.mark.parametrize("block", [B.ConvNeXt, B.SqueezeExcite, B.Bottleneck, B.InceptionA])
    def test_one_of_other_channels(self, make, block):
        message = (
            r"must keep the sizes and give (8|16) channels.*"
            rf"block=lambda n: Chain\(\[{block.__name__}\(...\), ConvNorm\(n, 1\)\]\)"
        )
        net = make(block)
        with pytest.raises(ValueError, match=message):
            net(keras.Input((8, 8, 8)))
        assert net.parts == {}

    @WAYS
    @pytest.mark.parametrize(
        "block",
        [
            lambda n: B.Chain([B.ConvNeXt(), B.ConvNorm(n, 1)]),
            lambda n: B.Chain([B.DenseBlock(2, 3), B.ConvNorm(n, 1)]),
            lambda n: B.Bottleneck(n // 4),
            lambda n: B.Xception([n, n]),
            B.InvertedResidual,
            Wide,
        ],
    )
    def test_ways_out(self, make, block):
        y = make(block)(keras.Input((8, 8, 8)))
        assert keras.tree.flatten(y)[0].shape == (None, 8, 8, 8)

    def test_one_that_keeps_the_channels_will_do_where_they_fit(self):
        for block in (lambda n: B.ConvNeXt(), Sum):
            y = B.MultiResolution([6, 8], depth=1, block=block)(keras.Input((8, 8, 6)))
            assert [x.shape[-1] for x in y] == [6, 8]

    def test_a_function_is_told_what_it_made(self):
        with pytest.raises(ValueError, match=r"in 'stream1', a Bottleneck\..*\[Bottleneck\("):
            B.MultiResolution([8], block=lambda n: B.Bottleneck(n))(keras.Input((8, 8, 8)))
        with pytest.raises(
            TypeError, match=r"UNet\(block=...\): <lambda>\(8\) failed: .*: None\. "
        ):
            B.UNet(8, block=lambda n: B.ConvNorm(None))

    @WAYS
    def test_one_that_changes_the_sizes(self, make):
        net = make(lambda n: B.ConvNorm(n, stride=2))
        with pytest.raises(ValueError, match=r"'net'.*must keep the sizes.*stride 1"):
            net(keras.Input((8, 8, 8)))


class TestEncoderAtAnotherSize:
    def test_a_size_that_comes_to_the_same_code_is_fine(self):
        encoder = B.Encoder([2, 3], code=4)
        first = keras.Model(x := keras.Input((12, 12, 1)), encoder(x))
        second = keras.Model(x := keras.Input((11, 9, 1)), encoder(x))
        assert {id(w) for w in first.weights} == {id(w) for w in second.weights}

    def test_another_is_refused_and_a_way_out_named(self):
        encoder = B.Encoder([2, 3], code=4, name="e")
        encoder(keras.Input((11, 9, 1)))
        message = (
            r"Encoder 'e': its code was built for images of \(9 to 12, 9 to 12\)\. "
            r"Received: \(None, 16, 12, 1\)\..*Resizing.*code=None.*copy\(\)"
        )
        with pytest.raises(ValueError, match=message):
            encoder(keras.Input((16, 12, 1)))
        assert encoder(keras.Input((12, 12, 1))).shape == (None, 4)

    def test_an_image_as_code_takes_any(self):
        encoder = B.Encoder([2, 3])
        assert encoder(keras.Input((12, 12, 1))).shape == (None, 3, 3, 3)
        assert encoder(keras.Input((16, 8, 1))).shape == (None, 4, 2, 3)
