"""Trains a generator and a discriminator in turns, with nothing but plain Keras."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keraslab.zoo._dcgan import GAN
from keraslab.zoo._settings import checked, count, function, maybe, natural


def _gan(value: Any, where: str) -> GAN:
    models = value if isinstance(value, (list, tuple)) else []
    if len(models) != 3 or not all(isinstance(model, keras.Model) for model in models):
        raise TypeError(
            f"{where}: must be GAN(generator, discriminator, model), such as dcgan() returns. "
            f"Received: {value!r}."
        )
    return GAN(*models)


def _images(value: Any, where: str) -> Any:
    try:
        return np.asarray(value, "float32")
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: must be an array of numbers, (n, *image shape). Received: {value!r}."
        ) from None


@checked(
    gan=_gan,
    images=_images,
    epochs=count,
    batch_size=count,
    seed=natural,
    on_epoch=maybe(function("print")),
)
def train_gan(
    gan: GAN,
    images: Any,
    epochs: int = 10,
    batch_size: int = 64,
    *,
    seed: int = 0,
    on_epoch: Callable[[int, dict[str, float]], Any] | None = None,
) -> dict[str, list[float]]:
    """Train the generator and the discriminator in turns, and return both losses.

    After Goodfellow et al. 2014, "Generative Adversarial Networks",
    https://arxiv.org/abs/1406.2661. For every batch: the discriminator learns to say 1 to real
    images and 0 to generated ones; then, kept fixed, it judges new images, and the generator
    learns to make it say 1. Layers of the discriminator that were frozen before
    (`trainable = False`) stay so.

    Two models that were not compiled are compiled with the settings of the DCGAN paper: Adam
    with rate 0.0002 and beta_1 0.5. Compile `gan.discriminator` and `gan.model` before the first
    call for others. A second call goes on where the first one ended.

    Args:
        gan: What `dcgan` returns, or a `GAN` of one's own whose discriminator gives a
            probability.
        images: `(n, *image shape)`, in the range of the generator's output: -1 to 1 for `tanh`.
        epochs: How many times all images are shown.
        batch_size: Real images in a step, not more than there are. What is left over after the
            last whole batch is shown in another epoch.
        seed: Of the order of the images and of the noise.
        on_epoch: Called after each epoch as `on_epoch(epoch, losses)`, to draw samples or curves.

    Returns:
        `{"discriminator": [...], "generator": [...]}`, the mean loss of each epoch. Where
        neither wins, the first is near 0.69 and so is the second.

    Raises:
        TypeError: If `gan` is none, or `on_epoch` cannot be called.
        ValueError: If the images do not fit the generator, a number is out of range, or all of
            the discriminator is frozen.

    Example:
        >>> import numpy as np
        >>> from keraslab import zoo
        >>> gan = zoo.dcgan(depth=1, filters=4, code=3, input_shape=(8, 8, 1))
        >>> history = zoo.train_gan(gan, np.zeros((8, 8, 8, 1)), epochs=2, batch_size=4)
        >>> [len(losses) for losses in history.values()]
        [2, 2]
    """
    generator, discriminator, model = gan
    if images.shape[1:] != generator.output_shape[1:] or len(images) < batch_size:
        raise ValueError(
            f"train_gan(images=...): must be {batch_size} or more of shape "
            f"{generator.output_shape[1:]}. Received: {images.shape}."
        )
    if not discriminator.trainable_weights:
        raise ValueError(
            "train_gan(gan=...): all of the discriminator is frozen, so it cannot learn. "
            "Received: gan.discriminator with no trainable weights. Set its trainable = True."
        )
    for each in (discriminator, model):
        if not each.compiled:
            each.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), "binary_crossentropy")

    random = np.random.default_rng(seed)
    width = generator.input_shape[-1]
    ones, zeros = np.ones((batch_size, 1), "float32"), np.zeros((batch_size, 1), "float32")
    history: dict[str, list[float]] = {"discriminator": [], "generator": []}
    thaw = _remembered(discriminator)
    try:
        for epoch in range(epochs):
            judged, fooled = [], []
            order = random.permutation(len(images))
            for start in range(0, len(images) - batch_size + 1, batch_size):
                real = images[order[start : start + batch_size]]
                noise = random.normal(size=(2, batch_size, width)).astype("float32")

                fake = generator.predict_on_batch(noise[0])
                thaw()
                both = np.concatenate([real, fake]), np.concatenate([ones, zeros])
                judged.append(_step(discriminator, *both))

                # Fixed, its normalisation too: `model` then trains the generator alone.
                discriminator.trainable = False
                fooled.append(_step(model, noise[1], ones))
            losses = {"discriminator": float(np.mean(judged)), "generator": float(np.mean(fooled))}
            for who, loss in losses.items():
                history[who].append(loss)
            if on_epoch is not None:
                on_epoch(epoch, losses)
    finally:
        thaw()
    return history


def _step(model: keras.Model, x: Any, y: Any) -> float:
    """Train on one batch and return its loss, whatever metrics the model has besides."""
    model.reset_metrics()  # not every version of Keras does it between batches
    return float(model.train_on_batch(x, y, return_dict=True)["loss"])


def _remembered(model: keras.Model) -> Callable[[], None]:
    """Return what sets `trainable` of the model and all in it back to what it is now."""
    known: dict[int, Any] = {}
    waiting: list[Any] = [model]
    while waiting:  # outer ones first, since each sets all that it holds
        part = waiting.pop(0)
        if isinstance(part, keras.Layer) and id(part) not in known:
            known[id(part)] = part
            waiting.extend(vars(part).values())
        elif isinstance(part, (list, tuple)):
            waiting.extend(part)
    parts = [*known.values(), *model.variables]
    flags = [part.trainable for part in parts]

    def restore() -> None:
        for part, flag in zip(parts, flags, strict=True):
            part.trainable = flag

    return restore
