// Lesson 2: drag points and codes; each point looks up its nearest code, hard and soft.

import { Past } from "../../kit/js/past.js";
import { CODE_COLOURS, Lesson, bytesOf, fixed, make, pair } from "./marks.js";
import { PlaneView, diamond, disc, ring } from "./plane_view.js";

const FIRST_CODES = [[-0.5, 0.5], [0.5, 0.625], [-0.625, -0.375], [0.125, -0.125], [0.625, -0.5]];
const FIRST_POINTS = [[-0.1875, 0.5], [-0.75, 0.125], [0.25, -0.625]];
const MOST_CODES = 8;
const MOST_POINTS = 12;

export class PlaneLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.view = new PlaneView(this.part("plane"), {
      kinds: {
        codes: { label: "Code", shape: diamond },
        soft: { label: "Soft z_q", shape: ring, fixed: true },
        points: { label: "Point", shape: disc },
      },
      moved: (kind, index, place) => this.move(kind, index, place),
      chosen: (kind, index) => kind === "points" && this.choose(index),
      removed: (kind, index) => this.remove(kind, index),
      added: (place) => this.add(this.adding, place),
    });
    this.past = new Past(root, (state) => this.restore(state));
    this.lookup = this.asks("look_up_points", (found, asked) => this.show(found, asked));
    this.on("temperature", "input", () => this.ask());
    for (const button of root.querySelectorAll("[data-add]"))
      button.addEventListener("click", () => this.add(button.dataset.add, [(Math.random() - 0.5) * 1.6, (Math.random() - 0.5) * 1.6]));
    for (const button of root.querySelectorAll("[data-remove]"))
      button.addEventListener("click", () => this.remove(button.dataset.remove, this.state[button.dataset.remove].length - 1));
    this.on("tie", "click", () => this.tie());
    this.reset();
  }

  reset() {
    if (this.state) this.past.keep(this.state);
    this.state = { codes: FIRST_CODES.map((c) => [...c]), points: FIRST_POINTS.map((p) => [...p]) };
    this.adding = "points";
    this.chosen = 0;
    this.jumps = 0;
    this.tokens = null;
    this.part("event").textContent = "Drag a point across a border.";
    this.part("temperature").value = -1;
    this.ask();
  }

  get temperature() {
    return 10 ** Number(this.part("temperature").value);
  }

  ask() {
    this.part("temperature-told").textContent = this.temperature.toPrecision(2);
    this.draw();
    this.lookup.want({ ...structuredClone(this.state), temperature: this.temperature });
  }

  restore(state) {
    this.state = state;
    this.chosen = Math.min(this.chosen, state.points.length - 1);
    this.tokens = null;
    this.ask();
  }

  move(kind, index, place) {
    this.past.keep(this.state);
    this.state[kind][index] = place;
    this.ask();
  }

  choose(index) {
    this.chosen = index;
    this.draw();
    if (this.found) this.tell();
  }

  add(kind, place) {
    if (this.state[kind].length >= (kind === "codes" ? MOST_CODES : MOST_POINTS)) return;
    this.past.keep(this.state);
    this.state[kind].push(this.view.snapped(place));
    if (kind === "points") this.chosen = this.state.points.length - 1;
    this.tokens = null;
    this.ask();
  }

  remove(kind, index) {
    if (this.state[kind].length <= (kind === "codes" ? 2 : 1)) return;
    this.past.keep(this.state);
    this.state[kind].splice(index, 1);
    this.chosen = Math.min(this.chosen, this.state.points.length - 1);
    this.tokens = null;
    this.ask();
  }

  // Put the chosen point exactly in the middle of its two nearest codes: they lie on binary fractions, so nothing rounds.
  tie() {
    const order = this.found.distances[this.chosen].map((distance, code) => [distance, code]).sort(([a], [b]) => a - b);
    const [a, b] = [order[0][1], order[1][1]].map((code) => this.state.codes[code]);
    this.past.keep(this.state);
    this.state.points[this.chosen] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    this.ask();
  }

  answer() {
    this.tie();
    this.told.textContent =
      "The lower index wins, always: an integer must be one of them. A hair to either side decides, while the soft lookup lies in the middle and hardly moves.";
  }

  show(found, asked) {
    this.found = found;
    if (this.tokens?.length === found.tokens.length && this.among === asked.codes.length)
      found.tokens.forEach((token, i) => {
        if (token === this.tokens[i]) return;
        const [from, to] = [asked.codes[this.tokens[i]], asked.codes[token]];
        const far = Math.hypot(to[0] - from[0], to[1] - from[1]);
        this.part("event").textContent =
          `Point ${i} crossed a border: code ${this.tokens[i]} → ${token}. Its z_q jumped by ${fixed(far)} at once: jump ${++this.jumps}.`;
      });
    this.tokens = found.tokens;
    this.among = asked.codes.length;
    this.view.fill(bytesOf(found.cells));
    this.draw();
    this.tell();
  }

  draw() {
    const { codes, points } = this.state;
    const found = this.found?.tokens.length === points.length && this.found.weights[0].length === codes.length ? this.found : null;
    const tied = found?.tied[this.chosen] ?? [];
    this.view.place("codes", codes, (i) => ({
      text: i, colour: CODE_COLOURS[i], style: tied.length > 1 && tied.includes(i) ? "tied" : "",
    }));
    this.view.place("points", points, (i) => ({
      style: i === this.chosen ? "chosen" : "", title: found ? `, code ${found.tokens[i]}` : "",
    }));
    this.view.place("soft", found ? [found.soft[this.chosen]] : []);
    this.view.link(
      found
        ? [
            ...points.map((from, i) => ({ from, to: codes[found.tokens[i]], style: i === this.chosen ? "hard chosen" : "hard" })),
            { from: points[this.chosen], to: found.soft[this.chosen], style: "soft" },
          ]
        : [],
    );
  }

  tell() {
    const { tokens, tied, distances, weights, soft } = this.found;
    const i = this.chosen;
    if (i >= tokens.length) return;
    const code = this.state.codes[tokens[i]];
    const rows = distances[i].map((distance, j) => {
      const row = make("tr", { class: tied[i].length > 1 && tied[i].includes(j) ? "tied" : "" });
      const share = make(
        "td",
        { class: "share" },
        make("i", { style: `width:${(100 * weights[i][j]).toFixed(1)}%` }),
        make("span", {}, fixed(weights[i][j])),
      );
      row.append(
        make("th", { scope: "row" }, make("em", { style: `--colour:${CODE_COLOURS[j]}` }), `${j}`),
        make("td", {}, fixed(distance, 3)),
        make("td", {}, j === tokens[i] ? "1" : "0"),
        share,
      );
      return row;
    });
    this.part("table").replaceChildren(...rows);
    this.part("point").textContent = `Point ${i} at ${pair(this.state.points[i])}`;
    this.part("hard").textContent = `${tokens[i]}, ${pair(code)}`;
    this.part("soft").textContent = pair(soft[i]);
    this.part("tied").textContent =
      tied[i].length > 1 ? `An exact tie of codes ${tied[i].join(" and ")}: argmin takes the lowest index, ${tokens[i]}.` : "";
  }
}
