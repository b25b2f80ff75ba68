// A sheet to draw on, and the known pictures that are nearest to the drawing.

import { canvasOf } from "../../kit/js/images.js";
import { Past } from "../../kit/js/past.js";

const PENS = ["#111111", "#ffffff", "#e5484d", "#f76b15", "#ffc53d", "#46a758", "#0090ff", "#8e4ec6", "#ad7f58", "#f5c9a6"];
const PEN_NAMES = ["black", "white", "red", "orange", "yellow", "green", "blue", "purple", "brown", "skin"];
const PAUSE_MS = 250; // after a stroke, before it is looked up

export class Pad {
  constructor(root, prompter) {
    this.root = root;
    this.prompter = prompter;
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.paper = part("paper");
    this.pen = part("pen");
    this.told = part("found-told");
    this.found = part("found");
    this.context = this.paper.getContext("2d");
    this.colour = PENS[2];
    part("pens").append(...PENS.map((colour, i) => this.newPen(colour, PEN_NAMES[i])));
    this.past = new Past(root, (drawn) => (this.context.putImageData(drawn, 0, 0), this.look()));
    part("clear").addEventListener("click", () => (this.keep(), this.clear(), this.found.replaceChildren()));
    part("take").addEventListener("click", () => this.take());
    this.paper.addEventListener("pointerdown", (event) => this.start(event));
    this.paper.addEventListener("pointermove", (event) => this.draw(event));
    for (const end of ["pointerup", "pointercancel"]) this.paper.addEventListener(end, () => this.end());
    this.clear();
  }

  newPen(colour, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", String(colour === this.colour));
    button.setAttribute("aria-label", name);
    button.style.setProperty("--colour", colour);
    button.addEventListener("click", () => {
      this.colour = colour;
      for (const other of button.parentElement.children) other.setAttribute("aria-checked", String(other === button));
    });
    return button;
  }

  clear() {
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, this.paper.width, this.paper.height);
  }

  at({ offsetX, offsetY }) {
    const scale = this.paper.width / this.paper.clientWidth;
    return [offsetX * scale, offsetY * scale];
  }

  keep() {
    this.past.keep(this.context.getImageData(0, 0, this.paper.width, this.paper.height));
  }

  start(event) {
    event.preventDefault();
    this.keep();
    this.paper.setPointerCapture(event.pointerId);
    this.last = this.at(event);
    this.draw(event);
  }

  draw(event) {
    if (!this.last) return;
    const { context } = this;
    const here = this.at(event);
    Object.assign(context, { strokeStyle: this.colour, lineWidth: Number(this.pen.value), lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(...this.last);
    context.lineTo(...here);
    context.stroke();
    this.last = here;
  }

  end() {
    if (!this.last) return;
    this.last = null;
    this.look();
  }

  look() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.find(), PAUSE_MS);
  }

  // The reconstruction that is on the token canvas above, as large as the sheet.
  take() {
    const picture = window.canvas.picture;
    if (!picture) return (this.told.textContent = "There is no picture on the canvas.");
    const whole = canvasOf(picture.rebuilt);
    const scale = Math.min(this.paper.width / whole.width, this.paper.height / whole.height);
    const [width, height] = [whole.width * scale, whole.height * scale];
    this.keep();
    this.clear();
    this.context.drawImage(whole, (this.paper.width - width) / 2, (this.paper.height - height) / 2, width, height);
    this.find(picture.note);
  }

  // note: on what was done to the file of the picture that was taken.
  async find(note = "") {
    const asked = (this.asked = {});
    const { ask, server } = this.prompter;
    const data = this.paper.toDataURL("image/png");
    try {
      const { found } = await server.ask("find_nearest", { prior: ask.prior.name, picture: data.slice(data.indexOf(",") + 1) });
      if (asked !== this.asked) return;
      this.told.textContent = `Click one to write it anew from its words. ${note}`;
      this.found.replaceChildren(...found.map((each) => this.newTile(each)));
    } catch (problem) {
      if (asked === this.asked) this.told.textContent = problem.message;
    }
  }

  newTile({ text, picture, fit }) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = `Fits by ${fit.toFixed(2)} of 1`;
    button.append(Object.assign(new Image(), { src: picture, alt: "" }), text);
    button.addEventListener("click", () => this.prompter.ask.set(text));
    return button;
  }
}
