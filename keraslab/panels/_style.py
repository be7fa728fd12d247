"""The style sheet of the panels, in JupyterLab's own colours, light and dark."""

from __future__ import annotations

from typing import Any

import ipywidgets

_CSS = """
.kl-explore { color: var(--jp-ui-font-color1, #212121); }
.kl-explore .kl-top { display: flex; flex-wrap: wrap; gap: 12px; align-items: stretch; }
.kl-explore .kl-side { flex: 0 0 280px; gap: 4px; }
.kl-explore .kl-graph { flex: 1 1 420px; min-width: 0; }
.kl-explore .kl-side .widget-inline-hbox { width: 272px; }
.kl-explore .kl-stats dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px;
  margin: 8px 2px; padding: 0; font-size: 13px; line-height: 1.5; }
.kl-explore .kl-stats dt { font-weight: 400; white-space: nowrap; padding: 0; margin: 0;
  color: var(--jp-ui-font-color2, #5f5f5f); }
.kl-explore .kl-stats dd { margin: 0; font-variant-numeric: tabular-nums; }
.kl-explore .kl-change { color: var(--jp-ui-font-color2, #5f5f5f); margin-left: 6px; }
.kl-explore .kl-shapes { max-height: 260px; overflow: auto; }
.kl-explore .kl-message .widget-html-content { white-space: normal; line-height: 1.4; }
.kl-explore .kl-stale { opacity: 0.45; }
.kl-explore .kl-error { border-left: 4px solid var(--jp-error-color1, #c62828);
  background: var(--jp-rendermime-error-background, #fdecea); padding: 6px 10px;
  line-height: 1.4; color: var(--jp-ui-font-color1, #212121); overflow-wrap: anywhere; }
.kl-explore .kl-note { border-left: 4px solid var(--jp-info-color1, #0277bd);
  padding: 4px 10px; line-height: 1.4; color: var(--jp-ui-font-color1, #212121); }
.kl-explore .kl-code { margin: 4px 0; padding: 0; background: none; white-space: pre-wrap;
  overflow-wrap: anywhere; font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  color: inherit; }
/* No room is kept for curves where none will come. */
.kl-explore:has(.kl-train-status .kl-error) .klc-grid:empty { min-height: 0; }
.kl-explore .kl-shapes table { font-size: 11px !important; line-height: 1.6; }
.kl-explore .kl-shapes :is(td, th) { padding: 1px 6px !important; }
.kl-explore .kl-train-status { line-height: 1.4; overflow-wrap: anywhere; }
.kl-explore .kl-train-status .widget-html-content { white-space: normal; line-height: 1.4; }
"""


def style() -> Any:
    """A widget without size that carries the style sheet into the page."""
    return ipywidgets.HTML(
        f"<style>{_CSS}</style>", layout=ipywidgets.Layout(height="0px", margin="0px")
    )
