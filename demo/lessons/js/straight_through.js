// Lesson 4: one z_e, one target x, and the gradient of the loss with respect to z_e, found in three ways.

import { Past } from "../../kit/js/past.js";
import { CODE_COLOURS, Lesson, bytesOf, fixed, pair } from "./marks.js";
import { PlaneView, VIEW, cross, diamond, disc } from "./plane_view.js";

const STRAIGHT_CODES = [[-0.625, 0.5], [0.1875, 0.625], [0.6875, 0.0], [-0.125, -0.375], [0.5, -0.6875]];
const STRAIGHT_ARROW = 0.5; // plane units an arrow gets for a gradient of 1
const WAYS = ["estimated", "plain", "differences"];

export class StraightThroughLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.view = new PlaneView(this.part("plane"), {
      kinds: {
        codes: { label: "Code", shape: diamond },
        x: { label: "Picture x", shape: cross },
        points: { label: "Encoder output z_e", shape: disc },
      },
      moved: (kind, index, place) => {
        this.past.keep(this.state);
        this.state[kind][index] = place;
        this.ask();
      },
    });
    this.past = new Past(root, (state) => {
      this.state = state;
      this.ask();
    });
    this.cells = this.asks("look_up_points", ({ cells }) => this.view.fill(bytesOf(cells)));
    this.slopes = this.asks("find_slopes", (found, asked) => this.show(found, asked));
    this.on("h", "input", () => this.ask());
    this.on("place", "input", () => {
      this.past.keep(this.state);
      this.state.points[0] = this.view.snapped([Number(this.part("place").value), this.state.points[0][1]]);
      this.ask();
    });
    this.reset();
  }

  reset() {
    if (this.state) this.past.keep(this.state);
    this.state = { codes: STRAIGHT_CODES.map((c) => [...c]), x: [[0.75, -0.3125]], points: [[-0.5, 0.0625]] };
    this.part("h").value = -2;
    this.ask();
  }

  ask() {
    const { codes, x, points } = this.state;
    this.h = 10 ** Number(this.part("h").value);
    this.part("h-told").textContent = this.h.toPrecision(2);
    this.part("place").value = points[0][0];
    this.draw();
    this.cells.want({ codes: structuredClone(codes), points: [[...points[0]]], temperature: 1e-4 });
    this.slopes.want({ codes: structuredClone(codes), x: [...x[0]], z_e: [...points[0]], h: this.h });
  }

  // Go to the nearest border on the horizontal line through z_e: there, and only there, differences see something.
  answer() {
    const { slice } = this.found;
    const places = slice.map((_, i) => (2 * i) / (slice.length - 1) - 1);
    const borders = places.slice(1).filter((_, i) => slice[i] !== slice[i + 1]);
    const here = this.state.points[0][0];
    const nearest = borders.sort((a, b) => Math.abs(a - here) - Math.abs(b - here))[0];
    if (nearest === undefined) return (this.told.textContent = "No border crosses this line: move z_e up or down, and ask again.");
    this.past.keep(this.state);
    this.state.points[0] = this.view.snapped([nearest, this.state.points[0][1]]);
    this.part("h").value = -1.5;
    this.ask();
    this.told.textContent =
      "Only within h of a border, where the loss jumps: halve h and the number doubles. It is the height of a step over h, not a slope. The estimator gives a direction everywhere.";
  }

  show(found, asked) {
    this.found = found;
    this.asked = asked;
    this.draw();
    for (const way of WAYS) this.part(way).textContent = pair(found[way], 3);
    this.part("loss").textContent = `k = ${found.token}, loss ${fixed(found.loss, 4)}`;
  }

  draw() {
    const { codes, x, points } = this.state;
    const [z_e] = points;
    const { found } = this;
    this.view.place("codes", codes, (i) => ({ text: i, colour: CODE_COLOURS[i] }));
    this.view.place("x", x, () => ({ text: "" }));
    this.view.place("points", points, () => ({ style: "chosen" }));
    const arms = [
      [this.h, 0],
      [0, this.h],
    ].map(([dx, dy]) => ({ from: [z_e[0] - dx, z_e[1] - dy], to: [z_e[0] + dx, z_e[1] + dy], style: "arm" }));
    if (!found) return;
    this.view.link([
      { from: z_e, to: codes[found.token], style: "hard chosen" },
      { from: codes[found.token], to: x[0], style: "error" },
      ...arms,
    ]);
    const down = (way) => found[way].map((value) => -STRAIGHT_ARROW * value);
    this.view.point([
      { from: z_e, by: down("estimated"), style: "estimated" },
      { from: z_e, by: down("differences"), style: "differences" },
      { from: z_e, by: down("plain"), style: "plain" },
    ]);
    this.drawSlice();
  }

  drawSlice() {
    const { slice, loss, estimated, differences } = this.found;
    const tall = Math.max(0.2, ...slice) * 1.15;
    const across = (place) => ((place + 1) / 2) * VIEW;
    const up = (value) => 128 - (value / tall) * 120;
    const places = slice.map((_, i) => (2 * i) / (slice.length - 1) - 1);
    this.part("stairs").setAttribute(
      "d",
      `M${slice.map((value, i) => `${across(places[i]).toFixed(1)} ${up(value).toFixed(1)}`).join("L")}`,
    );
    const here = this.asked.z_e[0];
    const tangent = (slope, reach) =>
      `M${across(here - reach)} ${up(loss - reach * slope)}L${across(here + reach)} ${up(loss + reach * slope)}`;
    this.part("tangent").setAttribute("d", tangent(estimated[0], 0.3));
    this.part("secant").setAttribute("d", tangent(differences[0], Math.max(this.asked.h, 0.02)));
    this.part("dot").setAttribute("d", `M${across(here)} ${up(loss)}h.01`);
  }
}
