"""Cases of the architectures that share encoders or fuse inputs of several kinds."""

from zoo_case import Tokens, ZooCase

from keraslab import zoo

IMAGE = (16, 14, 3)
# The same number added to every score changes no softmax, so a key's bias gets no gradient.
KEY_BIAS = ("key/bias",)


def bn(channels):
    return 4 * channels


def residual(before, channels):
    """Return the weights of a residual block that changes the number of channels."""
    convolutions = 9 * before * channels + 9 * channels * channels + before * channels
    return convolutions + 3 * bn(channels)


def same(channels):
    """Return the weights of a residual block that keeps the number of channels."""
    return 2 * (9 * channels * channels + bn(channels))


def dense(before, width):
    return before * width + width


def gru(before, width):
    return 3 * (before * width + width * width + 2 * width)


def lstm(before, width):
    return 4 * (before * width + width * width + width)


def small_question(fusion):
    return zoo.image_and_text(
        IMAGE, 11, 5, 3, fusion=fusion, filters=(4, 8), embedding=4, recurrent=3, width=6, hidden=5
    )


QUESTION_BRANCHES = (
    residual(3, 4)
    + residual(4, 8)
    + dense(8, 6)
    + 11 * 4
    + lstm(4, 3)
    + lstm(3, 3)
    + dense(4 * 3, 6)
)
ANSWER = dense(6, 5) + dense(5, 5) + dense(5, 3)
ATTENTION = 4 * dense(6, 6) + 2 * 6


def small_voice(fusion):
    return zoo.text_and_audio(11, 5, 16, 6, 4, fusion=fusion, embedding=4, recurrent=4)


VOICE_BRANCHES = 11 * 4 + gru(4, 4) + (3 * 6 * 4 + bn(4)) + (3 * 4 * 4 + bn(4)) + gru(4, 4)
VOICE_SHAPES = {"text": Tokens((5,), 11), "audio": (16, 6)}


def small_table(fusion):
    return zoo.image_and_table(
        IMAGE, 2, {"sex": 2, "site": 5}, 3, fusion=fusion, filters=(4, 8), embedding=3, hidden=8
    )


def narrowed(channels):
    """Return the weights of a residual block with a stride that keeps the number of channels."""
    return same(channels) + channels * channels + bn(channels)


TABLE_BRANCHES = (
    (27 * 4 + bn(4))
    + narrowed(4)
    + residual(4, 8)
    + (2 * 3 + 5 * 3)
    + dense(2 + 3 + 3, 8)
    + dense(8, 3)
)
TABLE_SHAPES = {
    "image": IMAGE,
    "numbers": (2,),
    "sex": Tokens((1,), 2),
    "site": Tokens((1,), 5),
}


CASES = {
    "siamese": ZooCase(
        lambda: zoo.siamese((12, 12, 1), filters=(4, 6), kernel_sizes=(3, 4), embedding=5),
        [(12, 12, 1), (12, 12, 1)],
        (1,),
        # 12 -> 10 -> 5 -> 2
        dense(9, 4) + dense(16 * 4, 6) + dense(2 * 2 * 6, 5) + dense(5, 1),
    ),
    "triplet": ZooCase(
        lambda: zoo.triplet(IMAGE, filters=(4, 8), depth=2, embedding=5, margin=1.0),
        [IMAGE] * 3,
        (1,),
        (27 * 4 + bn(4)) + 2 * same(4) + residual(4, 8) + same(8) + dense(8, 5),
        part="model",
    ),
    "image_and_text": ZooCase(
        lambda: small_question("multiply"),
        {"image": IMAGE, "text": Tokens((5,), 11)},
        (3,),
        QUESTION_BRANCHES + ANSWER,
    ),
    "image_and_text-attention": ZooCase(
        lambda: small_question("cross_attention"),
        {"image": IMAGE, "text": Tokens((5,), 11)},
        (3,),
        QUESTION_BRANCHES + ATTENTION + ANSWER,
        still=KEY_BIAS,
    ),
    "text_and_audio": ZooCase(
        lambda: small_voice("concat"), VOICE_SHAPES, (4,), VOICE_BRANCHES + dense(8, 4)
    ),
    "text_and_audio-attention": ZooCase(
        lambda: small_voice("cross_attention"),
        VOICE_SHAPES,
        (4,),
        VOICE_BRANCHES + 4 * dense(4, 4) + 2 * 4 + dense(4, 4),
        still=KEY_BIAS,
    ),
    "image_and_table": ZooCase(
        lambda: small_table("film"), TABLE_SHAPES, (3,), TABLE_BRANCHES + 2 * dense(8, 4)
    ),
    "image_and_table-gated": ZooCase(
        lambda: small_table("gated"), TABLE_SHAPES, (3,), TABLE_BRANCHES + 2 * 8 * 8 + 16 * 8
    ),
    "wide_and_deep": ZooCase(
        lambda: zoo.wide_and_deep(
            2, {"user": 7, "item": 5}, [("user", "item")], embedding=3, hidden=(8, 4)
        ),
        {"numbers": (2,), "user": Tokens((1,), 7), "item": Tokens((1,), 5)},
        (1,),
        (7 + 5 + 7 * 5) + (7 + 5) * 3 + dense(2 + 6, 8) + dense(8, 4) + dense(4, 1),
    ),
    "two_tower": ZooCase(
        lambda: zoo.two_tower(7, 9, 2, 4, embedding=3, hidden=(8, 6), output=5, temperature=0.5),
        {
            "user": Tokens((1,), 7),
            "context": (2,),
            "history": Tokens((4,), 9),
            "item": Tokens((1,), 9),
        },
        (1,),
        (7 + 9) * 3
        + (dense(3 + 2 + 3, 8) + dense(8, 6) + dense(6, 5))
        + (dense(3, 8) + dense(8, 6) + dense(6, 5)),
        part="model",
    ),
    "multi_task": ZooCase(
        lambda: zoo.multi_task(IMAGE, 5, 3, filters=(4, 8), depth=2, hidden=6),
        IMAGE,
        {"class": (5,), "box": (4,), "attributes": (3,)},
        (49 * 3 * 4 + bn(4))
        + 2 * same(4)
        + residual(4, 8)
        + same(8)
        + 3 * dense(8, 6)
        + dense(6, 5)
        + dense(6, 4)
        + dense(6, 3),
        part="model",
    ),
}
