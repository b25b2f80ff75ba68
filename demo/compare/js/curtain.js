// Two pictures of one size over each other, and an edge between them that one drags.

const KEY_STEP = 0.05;

export class Curtain {
  constructor(element) {
    this.element = element;
    this.box = element.querySelector("[data-box]");
    this.handle = element.querySelector("[data-handle]");
    this.ends = [...element.querySelectorAll("select")];
    this.canvases = [...element.querySelectorAll("canvas")];
    this.tags = [...element.querySelectorAll("[data-tag]")];
    this.pictures = new Map(); // label → canvas
    this.move(0.5);
    for (const end of this.ends) end.addEventListener("change", () => this.draw());
    this.box.addEventListener("pointerdown", (event) => {
      if (event.shiftKey) return; // moves what is seen: see zoom.js
      this.box.setPointerCapture(event.pointerId);
      this.handle.focus({ preventScroll: true });
      this.drag(event);
      event.preventDefault();
    });
    this.box.addEventListener("pointermove", (event) => event.buttons && !event.shiftKey && this.drag(event));
    this.handle.addEventListener("keydown", (event) => this.press(event));
  }

  // A new picture on the canvas: what was there is gone.
  clear(width, height) {
    this.pictures.clear();
    this.box.style.setProperty("--ratio", width / height);
    this.box.classList.toggle("pixels", Math.max(width, height) < 200);
    for (const canvas of this.canvases) Object.assign(canvas, { width, height });
    for (const end of this.ends) end.replaceChildren();
    this.draw();
  }

  add(label, picture) {
    const known = this.pictures.has(label);
    this.pictures.set(label, picture);
    if (!known)
      for (const end of this.ends) {
        const option = document.createElement("option");
        option.value = option.textContent = label;
        end.append(option);
      }
    if (!known && this.pictures.size === 2) this.ends[1].value = label;
    this.draw();
  }

  drop(label) {
    if (!this.pictures.delete(label)) return;
    for (const end of this.ends) [...end.options].find(({ value }) => value === label).remove();
    if (this.ends[0].value === this.ends[1].value && this.pictures.size > 1) this.ends[1].selectedIndex = 1;
    this.draw();
  }

  // place: 0 for before, 1 for after.
  choose(place, label) {
    this.ends[place].value = label;
    this.draw();
  }

  draw() {
    this.ends.forEach((end, i) => {
      const picture = this.pictures.get(end.value);
      this.tags[i].textContent = end.value;
      const { width, height } = this.canvases[i];
      const context = this.canvases[i].getContext("2d");
      context.clearRect(0, 0, width, height);
      if (picture) context.drawImage(picture, 0, 0, width, height);
    });
  }

  drag(event) {
    const box = this.box.getBoundingClientRect();
    this.move((event.clientX - box.left) / box.width);
  }

  move(place) {
    this.place = Math.min(1, Math.max(0, place));
    this.box.style.setProperty("--cut", this.place);
    this.handle.setAttribute("aria-valuenow", Math.round(100 * this.place));
  }

  press(event) {
    const goal = { ArrowLeft: this.place - KEY_STEP, ArrowRight: this.place + KEY_STEP, Home: 0, End: 1 }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    this.move(goal);
  }
}
