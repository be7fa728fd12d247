"""Rules for exceptions, one family a file; importing them makes them known."""

# Before what says of such an input only that it has an axis too many.
from keraslab.debug.errors import _fit_input_rows as _fit_input_rows  # isort: skip
from keraslab.debug.errors import _predictions as _predictions  # isort: skip
from keraslab.debug.errors import _unpackings as _unpackings  # isort: skip
from keraslab.debug.errors import _iterables as _iterables  # isort: skip
from keraslab.debug.errors import _cells as _cells  # isort: skip
from keraslab.debug.errors import _partners as _partners  # isort: skip
from keraslab.debug.errors import _inside_layers as _inside_layers  # isort: skip
from keraslab.debug.errors import _attention as _attention  # isort: skip
from keraslab.debug.errors import _attention_ranks as _attention_ranks  # isort: skip
from keraslab.debug.errors import _sequences as _sequences  # isort: skip
from keraslab.debug.errors import _unknown as _unknown  # isort: skip
from keraslab.debug.errors import _inputs as _inputs  # isort: skip
from keraslab.debug.errors import _input_arguments as _input_arguments  # isort: skip
from keraslab.debug.errors import _input_shapes as _input_shapes  # isort: skip
from keraslab.debug.errors import _graphs as _graphs  # isort: skip
from keraslab.debug.errors import _model_arguments as _model_arguments  # isort: skip
from keraslab.debug.errors import _sequentials as _sequentials  # isort: skip
from keraslab.debug.errors import _models as _models  # isort: skip
from keraslab.debug.errors import _constructors as _constructors  # isort: skip
from keraslab.debug.errors import _none_sizes as _none_sizes  # isort: skip
from keraslab.debug.errors import _refusals as _refusals  # isort: skip
from keraslab.debug.errors import _settings as _settings  # isort: skip
from keraslab.debug.errors import _ragged as _ragged  # isort: skip
from keraslab.debug.errors import _fit as _fit  # isort: skip
from keraslab.debug.errors import _values as _values  # isort: skip
from keraslab.debug.errors import _classes as _classes  # isort: skip
from keraslab.debug.errors import _several as _several  # isort: skip
from keraslab.debug.errors import _nested as _nested  # isort: skip
from keraslab.debug.errors import _givens as _givens  # isort: skip
from keraslab.debug.errors import _eager as _eager  # isort: skip
from keraslab.debug.errors import _foreign as _foreign  # isort: skip
from keraslab.debug.errors import _operators as _operators  # isort: skip
from keraslab.debug.errors import _conditions as _conditions  # isort: skip
from keraslab.debug.errors import _array_methods as _array_methods  # isort: skip
from keraslab.debug.errors import _symbolic as _symbolic  # isort: skip
from keraslab.debug.errors import _merge_forms as _merge_forms  # isort: skip
from keraslab.debug.errors import _merges as _merges

from keraslab.debug.errors import _merge_sizes as _merge_sizes  # isort: skip
from keraslab.debug.errors import _shapes as _shapes  # isort: skip
from keraslab.debug.errors import _reuse as _reuse  # isort: skip
from keraslab.debug.errors import _ranks as _ranks  # isort: skip
from keraslab.debug.errors import _axes as _axes  # isort: skip
from keraslab.debug.errors import _pretrained as _pretrained  # isort: skip
