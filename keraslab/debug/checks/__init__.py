"""The rules for mistakes that raise nothing, one family a file; importing registers them."""

from keraslab.debug.checks import _broadcast as _broadcast
from keraslab.debug.checks import _capacity as _capacity
from keraslab.debug.checks import _chain as _chain
from keraslab.debug.checks import _custom_losses as _custom_losses
from keraslab.debug.checks import _data as _data
from keraslab.debug.checks import _equal as _equal
from keraslab.debug.checks import _frozen as _frozen
from keraslab.debug.checks import _gradients as _gradients
from keraslab.debug.checks import _hidden as _hidden
from keraslab.debug.checks import _inputs as _inputs
from keraslab.debug.checks import _labels as _labels
from keraslab.debug.checks import _losses as _losses
from keraslab.debug.checks import _modes as _modes
from keraslab.debug.checks import _padding as _padding
from keraslab.debug.checks import _scales as _scales
from keraslab.debug.checks import _shapes as _shapes
from keraslab.debug.checks import _shared_losses as _shared_losses
from keraslab.debug.checks import _sharing as _sharing
from keraslab.debug.checks import _softmax_axis as _softmax_axis
from keraslab.debug.checks import _twice as _twice
from keraslab.debug.checks import _untouched as _untouched
from keraslab.debug.checks import _wiring as _wiring
