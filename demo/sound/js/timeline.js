// The lanes on one time axis: waveforms or columns, spectrograms, and under them the tokens, a cell each.

import { drawSpectrogram } from "./spectrum.js";

const LEAST_CELL = 9; // CSS pixels a token
const WAVE = 96;
const COLUMN = 84;
const SPECTRUM = 112;
const CELLS = 34; // CSS pixels of the tokens of the only level
const ROW = 24; // and of each of several, the gap after it included
const RULER = 20;
const MUTED = 0.22; // of the colour of tokens that are not heard
const GAP = 6;

export class Timeline {
  constructor(frame, canvas, onSelect) {
    this.frame = frame;
    this.canvas = canvas;
    this.onSelect = onSelect;
    this.place = null;
    this.row = 0; // of the level that is selected
    this.painting = null; // { code } while the pointer paints
    this.onPaint = (_row, _from, _to) => {}; // cells of a row that were painted
    this.onRows = (_top, _height) => {}; // where the rows of tokens lie
    new ResizeObserver(() => this.draw()).observe(frame);
    new MutationObserver(() => ((this.pictures = null), this.draw())).observe(document.body, {
      attributes: true,
      attributeFilter: ["class"],
    });
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.clip || event.button) return;
      if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      this.row = this.rowAt(event);
      this.select(event.shiftKey ? this.anchor : this.tokenAt(event), this.tokenAt(event));
      if (this.painting && event.pointerType !== "mouse") this.onPaint(this.row, ...this.selection);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.select(this.anchor, this.tokenAt(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (this.painting && canvas.hasPointerCapture(event.pointerId)) this.onPaint(this.row, ...this.selection);
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // clip: { rows: the tokens of each level, muted: a Set of rows, codes, span (samples or moments a token), length, seconds (or null),
  //         waves: [{ label, lines }],
  //         spectra: [{ label, samples }] }; a line is { values, colour: a CSS variable }.
  show(clip, keep = false) {
    this.clip = clip;
    this.pictures = null;
    this.row = keep ? Math.min(this.row, clip.rows.length - 1) : 0;
    const last = this.length - 1;
    if (keep) this.select(Math.min(this.anchor, last), Math.min(this.end, last));
    else this.select(0, 0);
  }

  get length() {
    return this.clip.rows[0].length;
  }

  get selection() {
    return [Math.min(this.anchor, this.end), Math.max(this.anchor, this.end) + 1];
  }

  select(anchor, end) {
    this.anchor = anchor;
    this.end = end;
    this.draw();
    this.onSelect();
  }

  tokenAt({ clientX }) {
    const left = this.canvas.getBoundingClientRect().left;
    return Math.max(0, Math.min(this.length - 1, Math.floor((clientX - left) / this.cell)));
  }

  // The row under the pointer; above and below them all the one that was selected.
  rowAt({ clientY }) {
    const row = Math.floor((clientY - this.canvas.getBoundingClientRect().top - this.rowsTop) / ROW);
    return this.clip.rows.length > 1 && this.clip.rows[row] ? row : this.row;
  }

  key(event) {
    const last = this.clip ? this.length - 1 : -1;
    const rows = this.clip?.rows.length ?? 0;
    const step = rows > 1 ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (step && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.row = Math.max(0, Math.min(rows - 1, this.row + step));
      return this.select(this.anchor, this.end);
    }
    const to = { ArrowLeft: this.end - 1, ArrowRight: this.end + 1, Home: 0, End: last, PageUp: this.end - 10, PageDown: this.end + 10 }[
      event.key
    ];
    if (to === undefined || last < 0 || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const end = Math.max(0, Math.min(last, to));
    this.select(event.shiftKey ? this.anchor : end, end);
    const x = end * this.cell;
    if (x < this.frame.scrollLeft || x + this.cell > this.frame.scrollLeft + this.frame.clientWidth)
      this.frame.scrollLeft = x - this.frame.clientWidth / 2;
  }

  mark(place) {
    this.place = place;
    this.draw();
  }

  draw() {
    const { clip, canvas, frame } = this;
    if (!clip || !frame.clientWidth) return;
    const tokens = this.length;
    const rows = clip.rows.length;
    const [pitch, tall] = rows > 1 ? [ROW, ROW - 2] : [CELLS, CELLS];
    this.cell = Math.max(LEAST_CELL, frame.clientWidth / Math.max(tokens, clip.least ?? 0));
    const width = Math.max(frame.clientWidth, Math.ceil(tokens * this.cell));
    const wave = clip.spectra.length ? WAVE : COLUMN;
    const height = clip.waves.length * (wave + GAP) + clip.spectra.length * (SPECTRUM + GAP) + rows * pitch + RULER;
    const sharp = width * devicePixelRatio > 16000 ? 1 : devicePixelRatio;
    if (canvas.width !== Math.round(width * sharp) || canvas.height !== Math.round(height * sharp)) {
      [canvas.width, canvas.height] = [Math.round(width * sharp), Math.round(height * sharp)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    const context = canvas.getContext("2d");
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.fillStyle = colour("--wb-raised");
    context.fillRect(0, 0, width, height);
    context.font = `11px ${style.fontFamily}`;
    this.pictures ??= clip.spectra.map(({ samples }) => drawSpectrogram(samples, rgb(colour("--wb-ink")), rgb(colour("--wb-raised"))));
    const unit = this.cell / clip.span; // CSS pixels a sample
    let top = 0;
    const tell = (text) => {
      context.fillStyle = colour("--wb-raised");
      context.globalAlpha = 0.8;
      const left = frame.scrollLeft + 6;
      context.fillRect(left - 3, top + 3, context.measureText(text).width + 6, 16);
      context.globalAlpha = 1;
      context.fillStyle = colour("--wb-soft");
      context.fillText(text, left, top + 15);
    };
    for (const { label, lines } of clip.waves) {
      for (const { values, name } of lines) drawLine(context, values, unit, top, wave, colour(name));
      tell(label);
      top += wave + GAP;
    }
    this.pictures.forEach((picture, i) => {
      context.drawImage(picture, 0, top, clip.spectra[i].samples.length * unit, SPECTRUM);
      tell(clip.spectra[i].label);
      top += SPECTRUM + GAP;
    });
    const [from, to] = this.selection;
    this.rowsTop = top;
    this.onRows(top, pitch);
    clip.rows.forEach((row, place) => {
      context.globalAlpha = clip.muted?.has(place) ? MUTED : 1;
      for (let i = 0; i < tokens; i++) {
        const painted = this.painting && place === this.row && i >= from && i < to && canvas.matches(":active");
        const code = painted ? this.painting.code : row[i];
        context.fillStyle = colourOf(code);
        context.fillRect(i * this.cell, top + place * pitch, this.cell - (this.cell > 4 ? 1 : 0), tall);
        if (this.cell >= 26) {
          context.fillStyle = "#101114";
          context.textAlign = "center";
          context.fillText(code, (i + 0.5) * this.cell, top + place * pitch + tall / 2 + 4);
          context.textAlign = "left";
        }
      }
    });
    context.fillStyle = colour("--wb-accent");
    context.globalAlpha = 0.16;
    context.fillRect(from * this.cell, 0, (to - from) * this.cell, top);
    context.globalAlpha = 1;
    context.strokeStyle = colour("--wb-accent");
    context.lineWidth = 2;
    context.strokeRect(from * this.cell + 1, top + this.row * pitch + 1, (to - from) * this.cell - 2, tall - 2);
    this.rule(context, top + rows * pitch, unit, width, colour("--wb-soft"));
    if (this.place !== null) {
      context.fillStyle = colour("--wb-problem");
      context.fillRect(this.place * unit - 1, 0, 2, top + rows * pitch);
    }
  }

  rule(context, top, unit, width, colour) {
    const { rate } = this.clip;
    const second = unit * (rate ?? 1);
    const steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].filter((step) => rate || step >= 1);
    const step = steps.find((value) => value * second >= 70) ?? 5000;
    context.fillStyle = colour;
    for (let i = 0; i * step * second < width; i++) {
      const x = i * step * second;
      context.fillRect(x, top, 1, 5);
      const text = rate ? `${+(i * step).toFixed(2)} s` : String(i * step);
      if (x + 40 < width) context.fillText(text, x + 4, top + 14);
    }
  }
}

// Values in [-1, 1], as one line where they are few a pixel, as the range in each pixel where many.
function drawLine(context, values, unit, top, height, colour) {
  const y = (value) => top + (height / 2) * (1 - 0.94 * Math.max(-1, Math.min(1, value)));
  context.strokeStyle = context.fillStyle = colour;
  if (unit > 0.5) {
    context.lineWidth = 1.3;
    context.beginPath();
    for (let i = 0; i < values.length; i++) context.lineTo((i + 0.5) * unit, y(values[i]));
    return context.stroke();
  }
  context.globalAlpha = 0.7;
  for (let x = 0; x < values.length * unit; x++) {
    const part = values.subarray(Math.floor(x / unit), Math.floor((x + 1) / unit) + 1);
    const [low, high] = part.reduce(([l, h], value) => [Math.min(l, value), Math.max(h, value)], [1, -1]);
    context.fillRect(x, y(high), 1, Math.max(1, y(low) - y(high)));
  }
  context.globalAlpha = 1;
}

// Neighbouring numbers look different: steps of the golden angle around the colour wheel.
const colourOf = (code) => `hsl(${(code * 137.508) % 360} 52% ${58 + 12 * Math.sin(code)}%)`;

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
