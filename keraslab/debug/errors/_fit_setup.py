"""Training that cannot start: not compiled, nothing given, unknown names, lists for arrays."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import keras
import numpy as np

from keraslab.debug._evidence import Evidence
from keraslab.debug._finding import Cause, Finding, Fix
from keraslab.debug._fit_case import LEARNING, FitCase, fit_case
from keraslab.debug._heads import Head
from keraslab.debug._input_forms import fits_shape
from keraslab.debug._names import closest, listed
from keraslab.debug._pairing import as_array
from keraslab.debug._rules import Rule, error_rule
from keraslab.debug._source import last_name


@error_rule("KL701", "not-compiled", origins=("trainers.trainer:Trainer._assert_compile_called",))
def not_compiled(rule: Rule, evidence: Evidence) -> Finding | None:
    """``fit`` or ``evaluate`` before ``compile``."""
    case = fit_case(evidence, any_model=True)
    if case is None:
        return None
    source, node = evidence.source, case.node
    name = "model"
    held = node.func.value if node is not None and isinstance(node.func, ast.Attribute) else None
    if isinstance(held, (ast.Name, ast.Attribute)) and source is not None:
        name = source.text_of(held)
    fixes = []
    if case.readable:
        code = f"{name}.compile(optimizer='adam', loss={_losses(case)!r})"
        named = source is not None and isinstance(held, (ast.Name, ast.Attribute))
        edit = source.before(code) if source is not None and named else None
        fixes.append(case.fix(Fix("compile it first", code), source, [edit]))
    return rule.finding(
        f"{name} was never compiled, so {case.function}() knows no loss and no optimizer.",
        cause=Cause(name, "compile() says what to learn from"),
        fixes=tuple(fixes),
    )


def _losses(case: FitCase) -> str | dict[str, str]:
    """The usual loss for all outputs, or for each."""
    losses = [_usual_loss(case, head) for head in case.heads]
    return losses[0] if len(set(losses)) == 1 else dict(zip(_names(case), losses, strict=True))


def _names(case: FitCase) -> list[str]:
    return [head.name for head in case.heads]


def _usual_loss(case: FitCase, head: Head) -> str:
    """The loss that goes with an output's activation and its targets."""
    target = case.given[0].data.target(head) if case.given else None
    if head.activation == "softmax":
        numbers = target is not None and target.ndim < len(head.spec.shape)
        numbers = numbers or (target is not None and target.shape[-1:] == (1,))
        return "sparse_categorical_crossentropy" if numbers else "categorical_crossentropy"
    return "binary_crossentropy" if head.activation == "sigmoid" else "mse"


@error_rule("KL713", "data-missing")
def data_missing(rule: Rule, evidence: Evidence) -> Finding | None:
    """No inputs, no targets or no loss."""
    case = fit_case(evidence)
    if case is None or case.function not in {*LEARNING, "predict", "predict_on_batch"}:
        return None
    if evidence.origin == "trainers.trainer:Trainer.compute_loss" and not case.found.losses.given:
        return _no_loss(rule, case)
    x, y = case.arguments.get("x"), case.arguments.get("y")
    y = case.given[0].y if y is None and case.given else y
    wanted = listed([slot.name for slot in case.given[0].data.x.slots]) if case.given else ""
    if x is None:
        names = listed([case.graph.call_by_id[port.call].name for port in case.graph.inputs])
        return rule.finding(
            f"{case.function}() was given no x; the model takes {names}.",
            cause=Cause("x", "nothing was given to learn from"),
        )
    if y is not None or not case.given or case.function not in LEARNING:
        return _validation(rule, case)
    if _holds_targets(case, x) or not any(head.loss is not None for head in case.heads):
        return None
    fails = ("backend.", "trainers.", "losses.", "ops.", "metrics.", "utils.")
    if not evidence.origin.startswith(fails):
        return None
    return rule.finding(
        f"{case.function}() was given {wanted} and no targets y to compare the output with.",
        cause=Cause("y", f"the loss of {_names(case)[0]!r} needs a target for each sample"),
        tensors=case.named(("x", case.given[0].data.x.slots[0].array)),
    )


def _no_loss(rule: Rule, case: FitCase) -> Finding:
    loss = _losses(case)
    fix = case.compiling(Fix("give it a loss", f"loss={loss!r}"), loss=repr(loss))
    return rule.finding(
        "compile() was given no loss, so there is nothing to learn from.",
        cause=Cause("compile", "it has no loss"),
        fixes=(fix,),
    )


def _validation(rule: Rule, case: FitCase) -> Finding | None:
    """``validation_data`` without targets."""
    held = case.arguments.get("validation_data")
    if not isinstance(held, np.ndarray):
        return None
    return rule.finding(
        "validation_data is one array; it takes a pair, inputs and targets.",
        cause=Cause("validation_data", "it holds no targets"),
        fixes=(Fix("give both", "validation_data=(x_val, y_val)"),),
    )


def _holds_targets(case: FitCase, x: Any) -> bool:
    return isinstance(x, (tuple, list)) and len(x) > len(case.graph.inputs)


@error_rule("KL715", "lists-not-arrays")
def lists_not_arrays(rule: Rule, evidence: Evidence) -> Finding | None:
    """A list of plain numbers, which Keras takes for many arrays."""
    case = fit_case(evidence)
    if case is None or not case.given:
        return None
    given = case.given[0]
    sides = [
        ("x", given.x, given.data.x, given.x_node),
        ("y", given.y, given.data.y, given.y_node),
    ]
    plain = [each for each in sides if each[2] is not None and each[2].plain is not None]
    if not plain:
        return None
    fixes = []
    changed = [(node, "np.array({})") for _, _, _, node in plain]
    said = [case.text(node, side) for side, _, _, node in plain]
    arrays = [as_array(value) for _, value, _, _ in plain]
    works = all(array is not None and array.dtype.kind in "biuf" for array in arrays)
    if plain[0][0] == "x" and works and arrays[0] is not None:
        works = fits_shape(arrays[0], given.data.x.slots[0].spec.shape)
    if works:
        code = "\n".join(f"{each} = np.array({each})" for each in said)
        fix = Fix("make it an array" if len(said) == 1 else "make them arrays", code)
        source = evidence.source
        edits = [
            source.replace(node, code.format(source.text_of(node)))
            if source is not None and node is not None and case.has_names(code)
            else None
            for node, code in changed
        ]
        fixes.append(case.fix(fix, source, edits))
    verb = "is a list" if len(said) == 1 else "are lists"
    return rule.finding(
        f"{' and '.join(said)} {verb} of plain values, which Keras takes for "
        f"{plain[0][2].given:,} arrays; it wants one array."  # type: ignore[union-attr]
        if len(said) == 1
        else f"{' and '.join(said)} {verb} of plain values; Keras wants arrays.",
        cause=Cause(said[0], f"{said[0]} is no array"),
        fixes=tuple(fixes),
    )


_KINDS = {
    "losses:get": ("loss", "keras.losses"),
    "optimizers:get": ("optimizer", "keras.optimizers"),
    "metrics:get": ("metrics", "keras.metrics"),
}


@error_rule("KL718", "unknown-name", origins=tuple(_KINDS))
def unknown_name(rule: Rule, evidence: Evidence) -> Finding | None:
    """A loss, metric or optimizer that Keras does not know."""
    case = fit_case(evidence, any_model=True)
    if case is None:
        return None
    argument, module = _KINDS[evidence.origin]
    step = evidence.came_through(evidence.origin)
    wrong = step.values.get("identifier") if step is not None else None
    holder = {
        "loss": keras.losses,
        "optimizer": keras.optimizers,
        "metrics": keras.metrics,
    }[argument]
    word = argument.rstrip("s") if argument == "metrics" else argument
    fixes: list[Fix] = []
    if isinstance(wrong, str):
        known = sorted({name for name in dir(holder) if name[0] != "_"} | _SHORT[argument])
        near = closest(wrong, known)
        while near is not None and not _is_known(holder, near):  # to ask of all would take long
            known.remove(near)
            near = closest(wrong, known)
        message = f"Keras knows no {word} called {wrong!r}."
        elsewhere = _elsewhere(wrong, argument)
        cause = f"{wrong!r} is {elsewhere}" if elsewhere else f"{wrong!r} is no {word}"
        node = case.compile_argument(argument)
        if near is not None and not elsewhere:
            cause = f"{wrong!r} may be meant for {near!r}"
            bare = f"[{near!r}]" if argument == "metrics" else repr(near)
            text = _replaced(case, node, wrong, near) or bare
            fix = Fix(f"use {near!r}", f"{argument}={text}")
            fixes.append(_compiling(case, fix, argument, text))
        if argument == "optimizer" and elsewhere:
            fixes += _exchanged(case)
    else:
        message = f"{word} is {_shown(wrong)}, and Keras wants a name or an object of {module}."
        cause = f"{_shown(wrong)} is no {word}"
        if argument == "optimizer" and isinstance(wrong, (int, float)):
            text = f"keras.optimizers.Adam({wrong!r})"
            fix = Fix("make it the learning rate of an optimizer", f"optimizer={text}")
            fixes.append(_compiling(case, fix, argument, text))
    return rule.finding(message, cause=Cause(str(wrong), cause), fixes=tuple(fixes))


_SHORT: dict[str, set[str]] = {
    "loss": {"mse", "mae", "mape", "msle", "bce", "kld", "crossentropy"},
    "metrics": {"accuracy", "acc", "mse", "mae", "mape", "msle", "bce"},
    "optimizer": {"adam", "sgd", "rmsprop", "adamw", "adagrad", "adadelta", "nadam", "adamax"},
}


def _is_known(holder: Any, name: str) -> bool:
    if name in ("get", "serialize", "deserialize", "Loss", "Metric", "Optimizer", "schedules"):
        return False
    if name in ("accuracy", "acc", "crossentropy"):
        return True
    try:
        return holder.get(name) is not None
    except Exception:  # a class that needs arguments
        return False


def _elsewhere(name: str, argument: str) -> str | None:
    """What a name is, where it is one, but of another argument."""
    for other, holder, word in (
        ("loss", keras.losses, "a loss"),
        ("optimizer", keras.optimizers, "an optimizer"),
    ):
        if other != argument and _is_known(holder, name):
            return word
    return None


def _replaced(case: FitCase, node: ast.expr | None, wrong: str, near: str) -> str | None:
    """An argument of ``compile`` as written, with a wrong name in it made right."""
    if node is None or case.compiled_at is None:
        return None
    source = case.compiled_at[0]
    text = source.text_of(node)
    for quote in ("'", '"'):
        text = text.replace(f"{quote}{wrong}{quote}", f"{quote}{near}{quote}")
    return text if near in text else None


def _compiling(case: FitCase, fix: Fix, argument: str, text: str) -> Fix:
    if case.function != "compile" or case.node is None or case.evidence.source is None:
        return case.compiling(fix, **{argument: text})
    if "keras." in text and not case.has_names(text):
        return fix
    return case.compiling(fix, **{argument: text})


def _exchanged(case: FitCase) -> list[Fix]:
    """``compile("mse", "adam")``: the optimizer comes first."""
    optimizer, loss = case.arguments.get("optimizer"), case.arguments.get("loss")
    if not isinstance(optimizer, str) or not isinstance(loss, str):
        return []
    if not _is_known(keras.optimizers, loss):
        return []
    fix = Fix("the optimizer comes first", f"optimizer={loss!r}, loss={optimizer!r}")
    return [case.compiling(fix, optimizer=repr(loss), loss=repr(optimizer))]


def _shown(value: Any) -> str:
    return f"the class {value.__name__}" if inspect.isclass(value) else repr(value)[:60]


_NEEDED = {
    "ModelCheckpoint": "'model.keras'",
    "CSVLogger": "'log.csv'",
    "BackupAndRestore": "'backup'",
}
"""What callbacks of Keras cannot do without."""


@error_rule("KL719", "class-for-object", origins=("callbacks.callback_list:*",))
def class_for_object(rule: Rule, evidence: Evidence) -> Finding | None:
    """A callback's class where one of its objects is wanted."""
    case = fit_case(evidence, any_model=True)
    held = case.arguments.get("callbacks") if case is not None else None
    listed_ = held if isinstance(held, (list, tuple)) else [held]
    wrong = [each for each in listed_ if inspect.isclass(each)]
    if case is None or not wrong:
        return None
    name = wrong[0].__name__
    needs = _NEEDED.get(name, "")
    source, node = evidence.source, case.argument("callbacks")
    edits = []
    for each in ast.walk(node) if node is not None else ():
        named = isinstance(each, (ast.Name, ast.Attribute)) and source is not None
        if named and last_name(each) in {kind.__name__ for kind in wrong} and source is not None:
            inside = _NEEDED.get(str(last_name(each)), "")
            edits.append(source.replace(each, f"{source.text_of(each)}({inside})"))
    fix = Fix("make an object of it", f"callbacks=[{name}({needs})]")
    return rule.finding(
        f"callbacks holds the class {name} itself; it takes an object made of it, {name}({needs}).",
        cause=Cause(name, f"{name} is a class"),
        fixes=(case.fix(fix, source, list(edits) or [None]),),
    )


_WHOLE = ("epochs", "batch_size", "initial_epoch", "steps_per_epoch", "validation_steps")


@error_rule("KL714", "setting-not-whole")
def setting_not_whole(rule: Rule, evidence: Evidence) -> Finding | None:
    """Text or a fraction where a number of epochs or samples is wanted."""
    case = fit_case(evidence, any_model=True)
    for name in _WHOLE if case is not None and evidence.kind in ("TypeError", "ValueError") else ():
        assert case is not None
        value = case.arguments.get(name)
        if not isinstance(value, (str, float)):
            continue
        try:
            whole = int(float(value))
        except ValueError:
            whole = 0
        fixes = []
        source, node = evidence.source, case.argument(name)
        if whole > 0:
            fix = Fix("make it a whole number", f"{name}={whole}")
            edit = source.replace(node, str(whole)) if source is not None and node else None
            fixes.append(case.fix(fix, source, [edit]))
        return rule.finding(
            f"{name} is {value!r}; {case.function}() wants a whole number.",
            cause=Cause(name, f"{value!r} is no whole number"),
            fixes=tuple(fixes),
        )
    return None
