"""Does a layer have its weights, or was it made where Keras allocates none?"""

import math
from typing import Any


def is_real(layer: Any) -> bool:
    """Return whether the weights of `layer`, if it has any, were allocated.

    Not to be asked during a build without weights, where reading one is an error.
    """
    if not layer.weights:
        return True
    smallest: Any = min(layer.weights, key=lambda weight: math.prod(weight.shape))
    # The value of a weight that was never allocated is made anew each time it is read.
    return smallest.value is smallest.value
