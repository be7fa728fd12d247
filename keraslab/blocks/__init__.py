"""Bricks of Functional models: callables that wire plain Keras layers under one name."""

from keraslab.blocks._additive_attention import AdditiveAttention
from keraslab.blocks._block import Block
from keraslab.blocks._bottleneck import Bottleneck
from keraslab.blocks._branches import Branches
from keraslab.blocks._chain import Chain
from keraslab.blocks._conv_next import ConvNeXt
from keraslab.blocks._conv_norm import ConvNorm
from keraslab.blocks._decoder import Decoder
from keraslab.blocks._dense_block import DenseBlock, DenseLayer
from keraslab.blocks._encoder import Encoder
from keraslab.blocks._ensemble import Ensemble
from keraslab.blocks._fusion import Fusion
from keraslab.blocks._heads import Heads
from keraslab.blocks._image import ImageBlock
from keraslab.blocks._inception import Inception
from keraslab.blocks._inception_v3 import InceptionA, InceptionB, InceptionC, ReductionA, ReductionB
from keraslab.blocks._inverted_residual import InvertedResidual
from keraslab.blocks._multi_head_attention import MultiHeadAttention
from keraslab.blocks._multi_resolution import MultiResolution
from keraslab.blocks._positions import Positions
from keraslab.blocks._recurrent_seq2seq import RecurrentSeq2Seq
from keraslab.blocks._repeat import Repeat
from keraslab.blocks._residual import Residual
from keraslab.blocks._shared_embedding import SharedEmbedding
from keraslab.blocks._squeeze_excite import SqueezeExcite
from keraslab.blocks._tasks import (
    Binary,
    Box,
    MultiClass,
    MultiLabel,
    Regression,
    SequenceLabels,
    Task,
)
from keraslab.blocks._transformer_decoder import TransformerDecoder
from keraslab.blocks._transformer_encoder import TransformerEncoder
from keraslab.blocks._transformer_seq2seq import TransformerSeq2Seq
from keraslab.blocks._transition import Transition
from keraslab.blocks._triplet import Triplet
from keraslab.blocks._twin import Twin
from keraslab.blocks._unet import UNet
from keraslab.blocks._unit_length import UnitLength
from keraslab.blocks._wiring import trial_build
from keraslab.blocks._xception import Xception

__all__ = [
    "AdditiveAttention",
    "Binary",
    "Block",
    "Bottleneck",
    "Box",
    "Branches",
    "Chain",
    "ConvNeXt",
    "ConvNorm",
    "Decoder",
    "DenseBlock",
    "DenseLayer",
    "Encoder",
    "Ensemble",
    "Fusion",
    "Heads",
    "ImageBlock",
    "Inception",
    "InceptionA",
    "InceptionB",
    "InceptionC",
    "InvertedResidual",
    "MultiClass",
    "MultiHeadAttention",
    "MultiLabel",
    "MultiResolution",
    "Positions",
    "RecurrentSeq2Seq",
    "ReductionA",
    "ReductionB",
    "Regression",
    "Repeat",
    "Residual",
    "SequenceLabels",
    "SharedEmbedding",
    "SqueezeExcite",
    "Task",
    "TransformerDecoder",
    "TransformerEncoder",
    "TransformerSeq2Seq",
    "Transition",
    "Triplet",
    "Twin",
    "UNet",
    "UnitLength",
    "Xception",
    "trial_build",
]
