"""Which code of a change may be run: calls of Keras and of arrays, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Container

_NODES = (
    *(ast.Module, ast.Expression, ast.Expr, ast.Assign, ast.Name, ast.Attribute, ast.Call),
    *(ast.keyword, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.comprehension),
    *(ast.Subscript, ast.Slice, ast.Starred, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop),
    ast.expr_context,
)
_FROM = re.compile(
    r"(keras\.)?layers(\.[A-Z]\w*)?|keras\.(Input|Model|Sequential|ops|losses|metrics)"
    r"|keras\.(initializers|regularizers|constraints)|keras\.ops\.[a-z]\w*"
    r"|keras\.(losses|metrics|initializers|regularizers|constraints)\.[A-Z]\w*"
    r"|np\.(asarray|mean|std)"
)
_OF_ARRAYS = frozenset({"mean", "std", "reshape", "astype", "adapt"})
_KNOWN = frozenset({"keras", "layers", "range", "np", "dict"})


def is_plain(text: str, names: Container[str]) -> bool:
    """Whether code makes and calls layers, reckons with arrays, and does no more.

    Names of layers may come from a file that a stranger wrote, and stand in such code.

    Args:
        text: The code.
        names: What else it may speak of.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return all(_is_allowed(node, own, names) for node in ast.walk(tree))


def _is_allowed(node: ast.AST, own: set[str], names: Container[str]) -> bool:
    if not isinstance(node, _NODES):
        return False
    if isinstance(node, ast.Name):
        return node.id in own or node.id in names or node.id in _KNOWN
    if isinstance(node, ast.Attribute):
        path = ast.unparse(node)
        if path.replace(".", "").isidentifier() and path.split(".")[0] in _KNOWN:
            return _FROM.fullmatch(path) is not None
        return node.attr in _OF_ARRAYS
    return True
