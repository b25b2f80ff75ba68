// One zoom for all pictures of the comparison: what is seen of one is seen of all. Where it looks is in the CSS variables
// --zoom, and --x and --y: the picture's share that lies left of and above what is seen.

const WHEEL_ZOOM = 0.0015;
const MOST = 32;
const DRAGGED = 4; // CSS pixels, after which a press is no click
const SEEN = ".box, .holder";

export class Zoom {
  constructor(root) {
    this.root = root;
    this.fit();
    const steps = { closer: () => this.by(1.5), farther: () => this.by(1 / 1.5), fit: () => this.fit() };
    for (const button of root.querySelectorAll("[data-zoom]")) button.addEventListener("click", steps[button.dataset.zoom]);
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("pointerdown", (event) => this.press(event));
    root.addEventListener("click", (event) => {
      if (this.dragged) event.stopPropagation();
      this.dragged = false;
    }, true);
    root.addEventListener("keydown", ({ key, target }) => {
      if (!target.closest("select, input")) ({ "+": steps.closer, "=": steps.closer, "-": steps.farther, 0: steps.fit })[key]?.();
    });
  }

  fit() {
    this.zoom = 1;
    this.x = this.y = 0;
    this.show();
  }

  // Closer by a factor, to what lies at this share of what is seen.
  by(factor, [across, down] = [0.5, 0.5]) {
    const zoom = Math.min(MOST, Math.max(1, this.zoom * factor));
    this.x += across / this.zoom - across / zoom;
    this.y += down / this.zoom - down / zoom;
    this.zoom = zoom;
    this.show();
  }

  show() {
    const room = 1 - 1 / this.zoom;
    for (const name of ["x", "y"]) this[name] = Math.min(room, Math.max(0, this[name]));
    for (const name of ["zoom", "x", "y"]) this.root.style.setProperty(`--${name}`, this[name]);
    this.root.classList.toggle("near", this.zoom > 1);
    this.root.classList.toggle("nearest", this.zoom >= 4);
  }

  wheel(event) {
    const seen = event.target.closest(SEEN);
    if (!seen || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const box = seen.getBoundingClientRect();
    this.by(Math.exp(-event.deltaY * WHEEL_ZOOM), [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  // Drag what is seen. In the curtain a hand moves its edge, and Shift with it the picture.
  press(event) {
    this.dragged = false;
    const seen = event.target.closest(SEEN);
    if (!seen || this.zoom === 1 || event.button || (seen.matches(".box") && !event.shiftKey)) return;
    const box = seen.getBoundingClientRect();
    const start = { x: this.x, y: this.y };
    const move = ({ clientX, clientY }) => {
      const [across, down] = [clientX - event.clientX, clientY - event.clientY];
      this.dragged ||= Math.hypot(across, down) > DRAGGED;
      if (!this.dragged) return;
      this.x = start.x - across / box.width / this.zoom;
      this.y = start.y - down / box.height / this.zoom;
      this.show();
    };
    window.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"])
      window.addEventListener(end, () => window.removeEventListener("pointermove", move), { once: true });
  }
}
