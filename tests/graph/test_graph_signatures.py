"""Signatures that are looked up once are those that Python gives."""

import functools
import inspect

from keraslab.graph.keras_internals._signatures import Inspect


def plain(self, x, training=None):
    return x


@functools.wraps(plain)
def wrapped(self, *args, **kwargs):
    return args[0]


@functools.wraps(plain)
def renamed(self, *args, **kwargs):
    return args[0]


renamed.__signature__ = inspect.Signature(
    [inspect.Parameter("z", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
)


def test_a_wrapper_with_a_signature_of_its_own_is_asked_alone():
    quick = Inspect(inspect)
    for function in (renamed, plain, wrapped, renamed.__get__(0), plain.__get__(0)):
        assert quick.signature(function) == inspect.signature(function)
