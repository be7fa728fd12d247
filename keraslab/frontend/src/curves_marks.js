// Marks on a plot: best epoch, overfit gap and baseline, each with its word beside it.

/** The heights that should be in sight. */
export function levels(marks) {
  return marks.filter((mark) => mark.kind === "baseline").map((mark) => mark.y);
}

/**
 * @param {import("uplot").default} chart
 * @param {{kind: string, x: ?number, y: ?number, to: ?number, label: string}[]} marks
 * @param {{mark: string, font: string, ground: string}} look
 */
export function drawMarks(chart, marks, { mark: colour, font, ground }) {
  const { ctx, bbox } = chart;
  const dot = devicePixelRatio;
  const at = (x) => chart.valToPos(x, "x", true);
  const height = (y) => chart.valToPos(y, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = dot;
  ctx.font = font.replace(/[\d.]+px/, (size) => `${parseFloat(size) * dot}px`);

  const line = (points, dash = []) => {
    ctx.beginPath();
    ctx.setLineDash(dash.map((each) => each * dot));
    points.forEach(([x, y], i) => ctx[i ? "lineTo" : "moveTo"](x, y));
    ctx.stroke();
  };
  /** Beside its place, on the side where there is room. */
  const word = (text, x, y) => {
    const left = x - bbox.left > bbox.width / 2;
    ctx.textAlign = left ? "right" : "left";
    const start = x + (left ? -6 : 6) * dot;
    ctx.strokeStyle = ground; // so that a line behind it does not strike it through
    ctx.lineWidth = 4 * dot;
    ctx.lineJoin = "round";
    ctx.setLineDash([]);
    ctx.strokeText(text, start, y);
    ctx.strokeStyle = colour;
    ctx.lineWidth = dot;
    ctx.fillText(text, start, y);
  };

  for (const { kind, x, y, to, label } of marks) {
    if (kind === "baseline") {
      line([[bbox.left, height(y)], [bbox.left + bbox.width, height(y)]], [2, 3]);
      ctx.textAlign = "left";
      ctx.fillText(label, bbox.left + 4 * dot, height(y) - 4 * dot);
    } else if (kind === "best") {
      line([[at(x), bbox.top], [at(x), bbox.top + bbox.height]], [1, 4]);
      ctx.beginPath();
      ctx.setLineDash([]);
      ctx.arc(at(x), height(y), 5 * dot, 0, 2 * Math.PI);
      ctx.stroke();
      word(label, at(x), bbox.top + 10 * dot);
    } else if (kind === "gap") {
      // Within the plot though it stands at its end.
      const place = Math.min(at(x), bbox.left + bbox.width - 4 * dot);
      const [low, high] = [height(y), height(to)];
      line([[place, low], [place, high]]);
      for (const end of [low, high]) line([[place - 4 * dot, end], [place + 4 * dot, end]]);
      word(label, place, (low + high) / 2 + 3 * dot);
    }
  }
  ctx.restore();
}
