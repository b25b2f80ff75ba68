// Lesson 3: the plane trained step by step; arrows are what autograd found, scaled by the learning rate of a dozen steps.

import { Past } from "../../kit/js/past.js";
import { PersonError } from "../../kit/js/server.js";
import { Blur } from "./blur.js";
import { CODE_COLOURS, Lesson, fixed } from "./marks.js";
import { PlaneView, VIEW, cross, diamond, disc } from "./plane_view.js";

const LOSS_RANGE = 1.25;
const ARROW_LENGTH = 0.25; // plane units an arrow gets for a gradient of 1
const STEP_PAUSE_MS = 60;
const REMEMBERED = 160; // steps of the chart
const COUNTED = 80; // steps after which the question is answered

export class LossesLesson extends Lesson {
  constructor(root, server) {
    super(root, server);
    this.view = new PlaneView(this.part("plane"), {
      range: LOSS_RANGE,
      kinds: {
        x: { shape: cross, fixed: true },
        codes: { label: "Code", shape: diamond },
        points: { label: "Encoder output", shape: disc },
      },
      moved: (kind, index, place) => {
        this.past.keep(this.plane);
        this.plane[kind === "codes" ? "codebook" : "z_e"][index] = place;
        this.found = null;
        this.draw();
      },
    });
    this.past = new Past(root, (plane) => {
      this.play(false);
      this.plane = plane;
      this.found = null;
      this.draw();
    });
    this.on("step", "click", () => (this.play(false), this.step()));
    this.on("play", "click", () => this.play(!this.playing));
    this.on("beta", "input", () => this.ruled());
    this.on("again", "click", () => this.reset(this.seed + 1));
    for (const box of root.querySelectorAll("[data-rule]")) box.addEventListener("change", () => this.ruled());
    this.blur = new Blur(this);
    this.reset();
  }

  async reset(seed = 0) {
    this.play(false);
    this.seed = seed;
    this.edition = (this.edition ?? 0) + 1;
    this.found = null;
    this.history = [];
    this.steps = 0;
    this.until = null;
    for (const box of this.root.querySelectorAll("[data-rule]")) box.checked = true;
    this.part("beta").value = 0.25;
    this.revival = null;
    this.plane = (await this.answered("scatter_plane", { seed }))?.plane;
    this.ruled();
  }

  async answered(name, question) {
    try {
      return await this.server.ask(name, question);
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      this.play(false);
      this.told.textContent = problem.message;
    }
  }

  get rules() {
    const boxes = [...this.root.querySelectorAll("[data-rule]")].map((box) => [box.dataset.rule, box.checked]);
    return { ...Object.fromEntries(boxes), beta: Number(this.part("beta").value) };
  }

  ruled() {
    this.part("beta-told").textContent = fixed(this.rules.beta);
    this.part("formula").classList.toggle("loose", !this.rules.stop_gradient);
    for (const box of this.root.querySelectorAll("[data-rule]"))
      for (const term of this.root.querySelectorAll(`[data-term=${box.dataset.rule}]`)) term.classList.toggle("off", !box.checked);
    this.draw();
  }

  play(on) {
    this.playing = on;
    this.part("play").textContent = on ? "Pause" : "Play";
    if (on) this.run();
  }

  left() {
    this.play(false);
  }

  async run() {
    const edition = this.edition;
    while (this.playing && edition === this.edition) {
      if (!this.root.checkVisibility()) return this.play(false); // the person went to another tab
      await this.step();
      await new Promise((resolve) => setTimeout(resolve, STEP_PAUSE_MS));
    }
  }

  async step() {
    if (this.stepping || !this.plane) return;
    this.stepping = true;
    const edition = this.edition;
    const before = this.plane;
    const found = await this.answered("train_plane", { plane: before, rules: this.rules });
    this.stepping = false;
    if (!found || edition !== this.edition || before !== this.plane) return;
    this.steps++;
    this.found = found;
    this.plane = found.plane;
    this.history.push(found.switched.length);
    if (this.history.length > REMEMBERED) this.history.shift();
    if (found.revived.length) this.revival = `Step ${this.steps}: code ${found.revived.join(", ")} was dead and is put on a point.`;
    this.draw();
    this.count();
  }

  // Trains on with a β from the other end of the slider, and counts.
  answer() {
    const beta = this.rules.beta >= 2 ? 0 : 4;
    this.part("beta").value = beta;
    this.history = [];
    this.until = this.steps + COUNTED;
    this.told.textContent = `β is ${beta} now. Counting for ${COUNTED} steps …`;
    this.ruled();
    this.play(true);
  }

  count() {
    if (this.steps !== this.until) return;
    const switches = this.history.slice(-COUNTED).reduce((a, b) => a + b, 0);
    this.told.textContent =
      `At β = ${fixed(this.rules.beta)}, ${switches} switches in ${COUNTED} steps. A large β holds z_e to its code; ` +
      "at 0, points between two codes go to and fro. Show it again for the other end.";
  }

  draw() {
    if (!this.plane) return;
    const { x, z_e, codebook } = this.plane;
    const { found, rules } = this;
    const chosen = new Set(found?.tokens ?? []);
    this.view.place("x", x);
    this.view.place("codes", codebook, (i) => ({
      text: i, colour: CODE_COLOURS[i], title: found && !chosen.has(i) ? ", dead" : "",
      style: `${found && !chosen.has(i) ? "dead" : ""} ${found?.revived.includes(i) ? "revived" : ""}`,
    }));
    this.view.place("points", z_e, (i) => ({
      colour: found ? CODE_COLOURS[found.tokens[i]] : "", style: found?.switched.includes(i) ? "switched" : "coloured",
      title: found ? `, code ${found.tokens[i]}` : "",
    }));
    this.view.link(found ? z_e.map((from, i) => ({ from, to: codebook[found.tokens[i]], style: "hard" })) : []);
    this.view.point(found ? this.arrows(found, rules) : []);
    this.tell();
  }

  arrows({ gradients }, rules) {
    const scaled = (gradient) => gradient.map((value) => -ARROW_LENGTH * value);
    return Object.entries(gradients)
      .filter(([name]) => rules[name])
      .flatMap(([name, { z_e, codebook }]) => [
        ...z_e.map((by, i) => ({ from: this.plane.z_e[i], by: scaled(by), style: name })),
        ...codebook.map((by, i) => ({ from: this.plane.codebook[i], by: scaled(by), style: name })),
      ]);
  }

  tell() {
    const { found, history } = this;
    for (const name of ["reconstruction", "codebook", "commitment"])
      this.part(`loss-${name}`).textContent = found ? fixed(found.losses[name], 4) : "–";
    this.part("steps").textContent = this.steps;
    const dead = found ? this.plane.codebook.map((_, i) => i).filter((i) => !found.tokens.includes(i)) : [];
    const now = dead.length ? `Dead, since no point chooses it: code ${dead.join(", ")}. ` : "";
    this.part("event").textContent = found ? now + (this.revival ?? "") : "Drag a code away from all points, and it dies.";
    const recent = history.slice(-100);
    this.part("switches").textContent =
      `${found ? found.switched.length : 0} now, ${recent.reduce((a, b) => a + b, 0)} in the last ${recent.length} steps`;
    const tall = Math.max(4, ...history);
    const bar = VIEW / REMEMBERED;
    this.part("chart").setAttribute(
      "d", history.map((count, i) => (count ? `M${((i + 0.5) * bar).toFixed(1)} 60v${(-54 * count / tall).toFixed(1)}` : "")).join(""),
    );
    this.part("tall").textContent = tall;
  }
}
