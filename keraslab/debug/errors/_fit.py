"""``fit``, ``evaluate``, ``predict`` and ``compile``: their rules, in the order they are asked."""

from keraslab.debug.errors import _fit_setup as _fit_setup  # isort: skip
from keraslab.debug.errors import _fit_batches as _fit_batches  # isort: skip
from keraslab.debug.errors import _fit_splits as _fit_splits  # isort: skip
from keraslab.debug.errors import _fit_weights as _fit_weights  # isort: skip
from keraslab.debug.errors import _fit_input_rows as _fit_input_rows  # isort: skip
from keraslab.debug.errors import _fit_arrays as _fit_arrays  # isort: skip
from keraslab.debug.errors import _fit_losses as _fit_losses  # isort: skip
from keraslab.debug.errors import _fit_targets as _fit_targets  # isort: skip
