"""Bricks of Functional models: callables that wire plain Keras layers under one name."""

from keraslab.blocks._block import Block
from keraslab.blocks._chain import Chain
from keraslab.blocks._conv_norm import ConvNorm
from keraslab.blocks._fusion import Fusion
from keraslab.blocks._heads import Heads
from keraslab.blocks._image import ImageBlock
from keraslab.blocks._repeat import Repeat
from keraslab.blocks._residual import Residual
from keraslab.blocks._tasks import Binary, MultiClass, MultiLabel, Regression, Task
from keraslab.blocks._twin import Twin
from keraslab.blocks._wiring import trial_build

__all__ = [
    "Binary",
    "Block",
    "Chain",
    "ConvNorm",
    "Fusion",
    "Heads",
    "ImageBlock",
    "MultiClass",
    "MultiLabel",
    "Regression",
    "Repeat",
    "Residual",
    "Task",
    "Twin",
    "trial_build",
]
