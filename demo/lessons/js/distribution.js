// Lesson 5: a Normal latent to move about in, and pictures drawn from four distributions.

import { Latest } from "../../kit/js/latest.js";
import { Past } from "../../kit/js/past.js";
import { Lesson, draw, fixed, pair } from "./marks.js";
import { PlaneView, disc } from "./plane_view.js";

const LATENT_RANGE = 3.5;
const KINDS_DRAWN = ["normal", "uniform", "marginal", "autoregressive"];

export class DistributionLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.view = new PlaneView(this.part("plane"), {
      range: LATENT_RANGE,
      kinds: { points: { label: "z", shape: disc } },
      moved: (_kind, _index, place) => this.drag(place),
      added: (place) => this.drag(place),
    });
    this.past = new Past(root, (place) => this.move(place));
    this.latent = this.asks("decode_latent", (found) => this.showLatent(found));
    this.costs = {};
    this.draws = Object.fromEntries(
      KINDS_DRAWN.map((kind) => [
        kind,
        new Latest(server, "draw_pictures", { show: (found) => this.showRow(kind, found), fail: (problem) => this.failRow(kind, problem) }),
      ]),
    );
    this.on("again", "click", () => this.drawAll(this.seed + 1));
    this.on("temperature", "input", () => {
      this.part("temperature-told").textContent = Number(this.part("temperature").value).toFixed(1);
      this.drawRow("autoregressive");
    });
    this.drawField();
    this.reset();
  }

  reset() {
    this.part("temperature").value = 1;
    this.part("temperature-told").textContent = "1.0";
    this.move([0.5, -0.5]);
    this.drawAll(0);
  }

  async drawField() {
    const [cx, cy] = this.view.toView([0, 0]);
    const unit = this.view.toView([1, 0])[0] - cx;
    for (const deviations of [1, 2, 3]) this.view.links.append(draw("circle", { cx, cy, r: deviations * unit, class: "deviation" }));
    const { seen = [] } = await this.server.ask("read_latents", {}).catch(() => ({}));
    const dots = seen.map((place) => `M${this.view.toView(place).map((value) => value.toFixed(1)).join(" ")}h.01`).join("");
    this.view.links.append(draw("path", { d: dots, class: "seen" }));
  }

  drag(place) {
    this.past.keep(this.z);
    this.move(place);
  }

  move(place) {
    this.z = place;
    this.view.place("points", [place], () => ({ style: "chosen" }));
    this.part("z").textContent = pair(place);
    this.latent.want({ z: [...place] });
  }

  showLatent({ picture, density }) {
    this.part("decoded").src = picture;
    this.part("density").textContent = density < 0.001 ? density.toExponential(1).replace("-", "−") : density.toFixed(3);
  }

  drawAll(seed) {
    this.seed = seed;
    for (const kind of KINDS_DRAWN) this.drawRow(kind);
  }

  drawRow(kind) {
    this.row(kind).classList.add("waits");
    this.draws[kind].want({ kind, seed: this.seed, temperature: Number(this.part("temperature").value) });
  }

  row(kind) {
    return this.root.querySelector(`[data-kind=${kind}]`);
  }

  showRow(kind, { pictures, cost, judged, by }) {
    const row = this.row(kind);
    row.classList.remove("waits");
    row.querySelector("img").src = pictures;
    this.costs[kind] = judged;
    const told = row.querySelector("[data-told]");
    if (kind === "autoregressive") told.textContent = `${by}: ${fixed(judged)} bits a token`;
    else if (told) told.textContent = `${fixed(cost)} bits a token; to ${by}, ${fixed(judged)}`;
  }

  failRow(kind, problem) {
    const row = this.row(kind);
    row.classList.remove("waits");
    (row.querySelector("[data-told]") ?? row.querySelector("small")).textContent = problem;
  }

  answer() {
    const { uniform, marginal, autoregressive } = this.costs;
    this.told.textContent = [uniform, marginal, autoregressive].every(Number.isFinite)
      ? `A token of the uniform pictures costs it ${fixed(uniform)} bits, of the marginal ones ${fixed(marginal)}, of its own ${fixed(autoregressive)}: ` +
        "neighbours depend on each other, and only a distribution that was learned with them knows."
      : "That takes the prior, which isn't here. See what its row says.";
  }
}
