// The curves of a comparison along what was held equal: epochs, MACs spent, or seconds of training.
import { large } from "./comparison_pareto.js";
import { Small } from "./curves_small.js";

const EPOCHS = "epoch";

export class Along extends Small {
  /** @param {string} along the horizontal axis, with its unit */
  constructor(parent, plot, group, looks, along) {
    super(parent, plot, group, looks);
    this.axis = along;
  }

  options() {
    const options = super.options();
    if (this.axis === EPOCHS) return options;
    const [{ incrs, ...axis }, ...others] = options.axes; // any step will do, not whole ones alone
    axis.values = (_c, ticks) => ticks.map((tick) => (tick == null ? "" : large(tick)));
    Object.assign(axis, { label: this.axis, labelFont: axis.font, labelSize: 16, labelGap: 0 });
    return { ...options, axes: [axis, ...others] };
  }

  /** From where nothing is spent yet. */
  range(low, high) {
    if (this.axis === EPOCHS || low == null || this.zoomed) return super.range(low, high);
    return [0, high];
  }

  /** The legend has room for one word; the unit stands at the axis. */
  label() {
    super.label();
    const name = this.body.querySelector(".u-series .u-label");
    if (!name) return;
    name.textContent = this.axis.split(/[ ,]/)[0];
    name.title = this.axis;
  }

  place(x) {
    return this.axis === EPOCHS ? super.place(x) : large(x);
  }
}
