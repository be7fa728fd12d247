"""Cases of the architectures for sequences: seq2seq, conv_recurrent and hierarchical."""

from zoo_case import Tokens, ZooCase

from keraslab import zoo


def gru(inputs, width):
    """Return the weights of Keras' GRU, which has two biases for each gate."""
    return 3 * (inputs * width + width * width + 2 * width)


def lstm(inputs, width):
    return 4 * (inputs * width + width * width + width)


def dense(inputs, width):
    return inputs * width + width


def conv_recurrent_params(sensors, classes, *, filters, kernel_size, width):
    """Return the weights of four convolutions and two LSTMs."""
    convolutions = kernel_size * filters + filters + 3 * (kernel_size * filters**2 + filters)
    recurrent = lstm(sensors * filters, width) + lstm(width, width)
    return convolutions + recurrent + dense(width, classes)


def level(inputs, width):
    return 2 * gru(inputs, width) + dense(2 * width, 2 * width) + 2 * width


def recurrent_params(source, target, width):
    encoder = source * width + 2 * gru(width, width) + dense(width, width)
    attention = width * width + 2 * width * width + width
    decoder = target * width + gru(width, width) + attention + dense(3 * width, width)
    return encoder + decoder + dense(width, target)


def transformer_layers(width, depth):
    """Return the weights of the layers of encoder and decoder: attention, network, norms."""
    attention, network = 4 * dense(width, width), dense(width, 4 * width) + dense(4 * width, width)
    return depth * (3 * attention + 2 * network + 5 * 2 * width)


CASES = {
    "seq2seq-recurrent": ZooCase(
        lambda: zoo.seq2seq("recurrent", 9, 7, width=6, source_length=5, target_length=4),
        [Tokens((5,), 9), Tokens((4,), 7)],
        (4, 7),
        recurrent_params(9, 7, 6),
        part="model",
        still=("query/kernel",),  # as in the cases of its block
    ),
    "seq2seq-transformer": ZooCase(
        lambda: zoo.seq2seq("transformer", 9, 7, width=8, depth=2, heads=2),
        [Tokens((None,), 9), Tokens((None,), 7)],
        (None, 7),
        9 * 8 + 7 * 8 + transformer_layers(8, 2) + dense(8, 7),
        part="model",
        other=[Tokens((3,), 9), Tokens((6,), 7)],
        still=("key/bias",),
    ),
    # The layers of the base model: what torch.nn.Transformer() has by default, 44,140,544, less
    # the two normalisations that it adds at the ends of its towers.
    "seq2seq-published": ZooCase(
        lambda: zoo.seq2seq("transformer", 50, 60),
        [Tokens((None,), 50), Tokens((None,), 60)],
        (None, 60),
        44_140_544 - 2 * 2 * 512 + 50 * 512 + 60 * 512 + dense(512, 60),
        part="model",
        still=("key/bias",),
        slow=True,
    ),
    "conv_recurrent": ZooCase(
        lambda: zoo.conv_recurrent((12, 3), 4, filters=2, kernel_size=3, width=5),
        (12, 3),
        (4,),
        conv_recurrent_params(3, 4, filters=2, kernel_size=3, width=5),
    ),
    "conv_recurrent-any-length": ZooCase(
        lambda: zoo.conv_recurrent(
            (None, 2),
            3,
            filters=2,
            kernel_size=2,
            convolutions=1,
            width=3,
            recurrent_layers=1,
            activation="linear",
        ),
        (None, 2),
        (3,),
        2 * 2 + 2 + lstm(2 * 2, 3) + dense(3, 3),
        other=(9, 2),
    ),
    "conv_recurrent-published": ZooCase(
        zoo.conv_recurrent,
        (24, 113),
        (18,),
        conv_recurrent_params(113, 18, filters=64, kernel_size=5, width=128),
        slow=True,
    ),
    "hierarchical": ZooCase(
        lambda: zoo.hierarchical(9, (3, 4), 5, embedding=6, width=2),
        Tokens((3, 4), 9),
        (5,),
        9 * 6 + level(6, 2) + level(2 * 2, 2) + dense(2 * 2, 5),
        part="model",
    ),
    "hierarchical-published": ZooCase(
        lambda: zoo.hierarchical(1000),
        Tokens((15, 50), 1000),
        (5,),
        1000 * 200 + level(200, 50) + level(100, 50) + dense(100, 5),
        part="model",
        slow=True,
    ),
}
