"""Whole architectures, each a function that returns plain Keras models made of blocks."""

from keraslab.zoo._autoencoder import Autoencoder, autoencoder
from keraslab.zoo._conv_recurrent import conv_recurrent
from keraslab.zoo._dcgan import GAN, dcgan
from keraslab.zoo._densenet import densenet
from keraslab.zoo._ensemble import ensemble
from keraslab.zoo._gpt import generate, gpt
from keraslab.zoo._hierarchical import Hierarchical, hierarchical
from keraslab.zoo._image_and_table import image_and_table
from keraslab.zoo._image_and_text import image_and_text
from keraslab.zoo._inception_v1 import inception_v1
from keraslab.zoo._inception_v3 import inception_v3
from keraslab.zoo._mobilenet_v1 import mobilenet_v1
from keraslab.zoo._mobilenet_v2 import mobilenet_v2
from keraslab.zoo._multi_resolution import multi_resolution
from keraslab.zoo._multi_task import MultiTask, multi_task
from keraslab.zoo._resnet import resnet
from keraslab.zoo._seq2seq import Seq2Seq, seq2seq
from keraslab.zoo._siamese import siamese
from keraslab.zoo._text_and_audio import text_and_audio
from keraslab.zoo._train_gan import train_gan
from keraslab.zoo._transformer_classifier import transformer_classifier
from keraslab.zoo._triplet import TripletNetwork, triplet
from keraslab.zoo._two_tower import TwoTower, two_tower
from keraslab.zoo._unet import unet
from keraslab.zoo._vae import VAE, vae
from keraslab.zoo._vit import vit
from keraslab.zoo._wide_and_deep import wide_and_deep
from keraslab.zoo._xception import xception

__all__ = [
    "GAN",
    "VAE",
    "Autoencoder",
    "Hierarchical",
    "MultiTask",
    "Seq2Seq",
    "TripletNetwork",
    "TwoTower",
    "autoencoder",
    "conv_recurrent",
    "dcgan",
    "densenet",
    "ensemble",
    "generate",
    "gpt",
    "hierarchical",
    "image_and_table",
    "image_and_text",
    "inception_v1",
    "inception_v3",
    "mobilenet_v1",
    "mobilenet_v2",
    "multi_resolution",
    "multi_task",
    "resnet",
    "seq2seq",
    "siamese",
    "text_and_audio",
    "train_gan",
    "transformer_classifier",
    "triplet",
    "two_tower",
    "unet",
    "vae",
    "vit",
    "wide_and_deep",
    "xception",
]
