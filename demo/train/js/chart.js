// A small chart of figures over minutes: a line a series, drawn anew with every row that comes.

const CHART_WIDTH = 300;
const CHART_HEIGHT = 96;

export class Chart {
  // series: [{name, key or value(row)}], drawn from the rows of one log
  constructor(root, { title, log, series }) {
    this.log = log;
    this.series = series;
    this.figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    this.now = document.createElement("b");
    caption.append(Object.assign(document.createElement("span"), { textContent: title }), this.now);
    this.plot = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.plot.setAttribute("viewBox", `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`);
    this.plot.setAttribute("preserveAspectRatio", "none");
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", title);
    this.lines = series.map((_, index) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      line.dataset.series = index;
      this.plot.append(line);
      return line;
    });
    this.range = document.createElement("small");
    this.figure.append(caption, this.plot, this.range);
    root.append(this.figure);
  }

  draw(logs, minutes) {
    const points = this.series.map(({ value }) =>
      logs[this.log].map((row) => [row.minutes, value(row)]).filter(([, y]) => Number.isFinite(y)),
    );
    const heights = points.flat().map(([, y]) => y);
    const [low, high] = [Math.min(...heights), Math.max(...heights)];
    const place = ([x, y]) => [
      (x / Math.max(minutes, 1e-9)) * CHART_WIDTH,
      4 + (CHART_HEIGHT - 8) * (high > low ? (high - y) / (high - low) : 0.5),
    ];
    this.lines.forEach((line, index) =>
      line.setAttribute(
        "points",
        points[index]
          .map((point) =>
            place(point)
              .map((n) => n.toFixed(1))
              .join(),
          )
          .join(" "),
      ),
    );
    const last = points.map((series) => series.at(-1)?.[1]);
    this.now.textContent = last.some((value) => value !== undefined)
      ? this.series.map(({ name }, index) => [name, shortNumber(last[index])].filter(Boolean).join(" ")).join("  ")
      : "–";
    this.range.textContent = heights.length ? `${shortNumber(low)} … ${shortNumber(high)}` : "";
  }
}

function shortNumber(value) {
  if (value === undefined) return "–";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
