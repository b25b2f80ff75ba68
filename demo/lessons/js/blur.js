// At the end of lesson 3: squares that share a code and their mean; the same tokens through a faithful decoder and a sharp one.

import { canvasOf, pixelsOfUrl } from "../../kit/js/images.js";
import { PersonError } from "../../kit/js/server.js";
import { fixed } from "./marks.js";

const PICTURE = "chelsea";

export class Blur {
  /** @param {import("./losses.js").LossesLesson} lesson */
  constructor(lesson) {
    this.lesson = lesson;
    this.number = 0;
    lesson.on("other-code", "click", () => this.mean(this.number + 1));
    lesson.on("sharpness", "input", () => this.draw());
    this.begin();
  }

  async begin() {
    try {
      await this.mean(0);
      await this.decode();
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      this.lesson.told.textContent = problem.message;
    }
  }

  async mean(number) {
    const { lesson } = this;
    const { code, squares, mean, decoded } = await lesson.server.ask("read_meanings", { number });
    if (code === null) return;
    this.number = number;
    lesson.part("moment").hidden = false;
    lesson.part("meant").textContent = code;
    for (const [name, url] of Object.entries({ squares, mean, meaning: decoded })) lesson.part(name).src = url;
  }

  async decode() {
    const { lesson } = this;
    const { decoders } = await lesson.server.ask("read_decoders", { picture: PICTURE });
    if (decoders.length < 2) return;
    const [faithful, sharp] = decoders;
    this.pictures = await Promise.all([faithful, sharp].map(async ({ picture }) => canvasOf(await pixelsOfUrl(picture))));
    lesson.part("moment").hidden = lesson.part("either").hidden = false;
    const told = ({ name, psnr, sharpness }) => `${name}: ${fixed(psnr, 1)} dB, ${Math.round(100 * sharpness)} % of the original’s fine detail`;
    lesson.part("either-told").textContent = `${told(faithful)}. ${told(sharp)}.`;
    this.draw();
  }

  // Left of the slider the faithful one, right of it the sharp one.
  draw() {
    const [faithful, sharp] = this.pictures;
    const page = this.lesson.part("between");
    const { width, height } = Object.assign(page, { width: faithful.width, height: faithful.height });
    const context = page.getContext("2d");
    const from = Math.round(width * (1 - Number(this.lesson.part("sharpness").value) / 100));
    context.drawImage(faithful, 0, 0);
    if (from < width) context.drawImage(sharp, from, 0, width - from, height, from, 0, width - from, height);
    context.fillStyle = "#fff";
    context.fillRect(from - 1, 0, 1, height);
  }
}
