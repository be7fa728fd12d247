"""The style sheet of a finding, in JupyterLab's own colours, light and dark."""

_FINDING = """
.kl-finding { border-left: 4px solid var(--jp-error-color1, #c62828); padding: 4px 12px;
  margin: 6px 0; color: var(--jp-content-font-color1, inherit); font-size: 13px;
  line-height: 1.5; max-width: 1100px; }
.kl-finding.kl-warning { border-color: var(--jp-warn-color1, #b26a00); }
.kl-finding.kl-style { border-color: var(--jp-info-color1, #0277bd); }
.kl-finding p { margin: 4px 0; }
.kl-finding > div { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
.kl-finding dl { flex: 1 1 520px; min-width: 0; margin: 4px 0; display: grid;
  grid-template-columns: 92px minmax(0, 1fr); gap: 6px 12px; }
.kl-finding dl > dt, .kl-finding dl > dd { float: none; clear: none; display: block; width: auto;
  margin: 0; padding: 0; }
.kl-finding dl > dt { color: var(--jp-content-font-color2, #5f5f5f); font-weight: 400; }
.kl-finding dd { overflow-wrap: anywhere; }
.kl-finding ul, .kl-finding ol { margin: 0; padding-left: 20px; }
.kl-finding li span, .kl-finding dd > span { color: var(--jp-content-font-color2, #5f5f5f); }
/* Twice the class: JupyterLab's own rule for outputs would break words anywhere. */
.kl-finding.kl-finding dd pre { margin: 2px 0 6px; padding: 4px 8px; line-height: 1.4;
  font-size: 12px; white-space: pre-wrap; word-break: normal; overflow-wrap: break-word;
  color: inherit; border-radius: 3px;
  background: var(--jp-layout-color2, rgba(128, 128, 128, 0.12)); }
.kl-finding img { flex: 0 1 auto; max-width: min(100%, 400px); max-height: 480px;
  margin-bottom: 6px; background: #fff; border-radius: 4px; }
.kl-finding a { color: var(--jp-content-link-color, #0277bd); }
"""


def finding_style() -> str:
    """The style sheet of a finding, which goes along with each of them."""
    return f"<style>{_FINDING}</style>"
