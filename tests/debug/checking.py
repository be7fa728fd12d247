"""What the tests of silent rules share."""

from keraslab import check


def found(model, code, **given):
    """The findings of one rule on a model; that no rule fails is asserted on the way."""
    report = check(model, select=code, **given)
    assert report.failed == ()
    return list(report)


def one(model, code, **given):
    """The only finding of one rule on a model."""
    findings = found(model, code, **given)
    assert [finding.code for finding in findings] == [code]
    assert findings[0].calls
    assert all(call in findings[0].graph.call_by_id for call in findings[0].calls)
    return findings[0]
