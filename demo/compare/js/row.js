// One setting: its figures, and its pictures, each a button that puts it behind the curtain.

const CODEC_NAMES = { JPEG: "JPEG", WEBP: "WebP" };

export class Row {
  constructor(label, { choose, remove }) {
    this.label = label;
    this.choose = choose;
    this.element = part("li", "row");
    const head = part("div", "head");
    this.figures = part("dl", "figures");
    const removal = part("button", "remove", "×");
    removal.type = "button";
    removal.setAttribute("aria-label", `Leave out ${label}`);
    removal.addEventListener("click", remove);
    head.append(part("h3", "", label), this.figures, removal);
    this.pictures = part("div", "pictures");
    this.element.append(head, this.pictures);
  }

  wait(ratio) {
    this.element.style.setProperty("--ratio", ratio);
    this.figures.replaceChildren();
    this.pictures.replaceChildren(...["Rebuilt", "Error", "Tokens", "JPEG", "WebP"].map((name) => this.frame(name, "…", null)));
    this.pictures.classList.add("waiting");
  }

  fail(text) {
    this.pictures.classList.remove("waiting");
    this.pictures.replaceChildren(part("p", "problem", text));
  }

  // answer: as the server gave it; layers: the canvases made of it; rivals: the codecs' pictures, by codec.
  show(answer, layers, rivals) {
    this.pictures.classList.remove("waiting");
    const [rows, columns] = answer.grid.shape;
    this.figures.replaceChildren(
      ...figure("Tokens", answer.tokens.toLocaleString("en"), `finest grid ${columns} × ${rows}`),
      ...figure("Size", `${(answer.bits / 8 / 1024).toFixed(2)} KB`, `${Math.round(answer.bits).toLocaleString("en")} bits`),
      ...figure("Bits a pixel", answer.bits_per_pixel.toFixed(4)),
      ...figure("PSNR", decibels(answer.psnr)),
      ...figure("SSIM", answer.ssim.toFixed(4)),
    );
    this.pictures.replaceChildren(
      this.frame("Rebuilt", quality(answer), layers.rebuilt, this.label),
      this.frame("Error", "0 black … 64 of 255 white", layers.error),
      this.frame("Tokens", `${new Set(layers.picture.tokens).size.toLocaleString("en")} codes used`, layers.map),
      ...Object.entries(CODEC_NAMES).map(([codec, name]) => {
        const rival = answer.rivals.find((each) => each.codec === codec);
        if (!rival) return this.frame(name, "its smallest file is larger", null);
        const bytes = `${rival.bytes.toLocaleString("en")} bytes`;
        return this.frame(`${name}, ${bytes}`, quality(rival), rivals[codec], this.labelOf(codec));
      }),
    );
  }

  labelOf(codec) {
    return `${CODEC_NAMES[codec]} beside ${this.label}`;
  }

  // A picture with its name and a line of text; choosable ones have a label.
  frame(name, text, canvas, label) {
    const frame = part(label ? "button" : "div", "frame");
    if (label) {
      frame.type = "button";
      frame.title = `Put ${label} behind the curtain, on the right; with Shift on the left`;
      frame.addEventListener("click", (event) => this.choose(event.shiftKey ? 0 : 1, label));
    }
    const holder = part("span", "holder");
    if (canvas) holder.append(canvas);
    frame.append(holder, part("b", "", name), part("small", "", text));
    return frame;
  }
}

function part(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

function figure(name, value, title = "") {
  const group = part("div");
  group.title = title;
  group.append(part("dt", "", name), part("dd", "", value));
  return [group];
}

function decibels(psnr) {
  return psnr === null ? "∞ dB" : `${psnr.toFixed(2)} dB`;
}

function quality({ psnr, ssim }) {
  return `${decibels(psnr)}, SSIM ${ssim.toFixed(3)}`;
}
