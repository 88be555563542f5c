"""Import spyne 2.14 on Python 3.12 and later, without warnings. Import this before spyne.

spyne's own copy of `six` uses an import hook that Python no longer has, so the installed `six`
is loaded under that name. It lacks one function that spyne uses.
"""

import importlib
import importlib.util
import operator
import sys
import warnings

import six


def _load_six() -> None:
    # A second copy, because six serves `six.moves` under the name by which it was loaded.
    spec = importlib.util.spec_from_file_location("spyne.util.six", six.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.get_function_name = operator.attrgetter("__name__")  # type: ignore[attr-defined]


if "spyne.util.six" not in sys.modules:
    _load_six()

# It has old escapes in its strings and imports cgi, which a suite that treats warnings as errors
# could not fix.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    importlib.import_module("spyne.protocol.soap")
    importlib.import_module("spyne.server")
