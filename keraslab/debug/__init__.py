"""What is wrong with a model, its code or its data, and how to mend it."""

from keraslab.debug._check import check
from keraslab.debug._diagnose import diagnose
from keraslab.debug._evidence import Evidence
from keraslab.debug._explained import explained
from keraslab.debug._finding import Cause, Edit, Finding, Fix, NamedTensor, Place
from keraslab.debug._pages import Page, page
from keraslab.debug._probe import Probe, probe
from keraslab.debug._probe_rows import ProbeRow, ProbeWeight
from keraslab.debug._report import Report

__all__ = [
    "Cause",
    "Edit",
    "Evidence",
    "Finding",
    "Fix",
    "NamedTensor",
    "Page",
    "Place",
    "Probe",
    "ProbeRow",
    "ProbeWeight",
    "Report",
    "check",
    "diagnose",
    "explained",
    "page",
    "probe",
]
