// The straight line from one code's vector to another's, snapped to the nearest codes on the way: a strip to choose from.

const WALK_STEPS = 12;

export class Walk {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    const field = (name) => element.querySelector(`[data-walk=${name}]`);
    this.from = field("from");
    this.to = field("to");
    this.strip = field("strip");
    this.slider = field("place");
    this.told = field("told");
    this.codes = [];
    element.addEventListener("toggle", () => element.open && this.begin());
    for (const end of [this.from, this.to]) end.addEventListener("change", () => this.refresh());
    this.slider.addEventListener("input", () => this.take());
    this.strip.addEventListener("click", ({ offsetX }) => {
      this.slider.value = Math.floor((offsetX / this.strip.clientWidth) * WALK_STEPS);
      this.take();
    });
  }

  begin() {
    this.from.value = this.bench.formerCode;
    this.to.value = this.bench.code;
    this.refresh();
  }

  async refresh() {
    const { codebook } = this.bench.picture;
    const ends = [this.from, this.to].map(({ value }) => (value === "" ? -1 : Number(value)));
    try {
      const question = { model: codebook.model, level: codebook.level, from: ends[0], to: ends[1], steps: WALK_STEPS };
      const { codes } = await this.bench.server.ask("codes_between", question);
      this.codes = codes;
      this.codebook = codebook;
    } catch (problem) {
      return this.bench.messages.problem(problem.message);
    }
    this.slider.max = WALK_STEPS - 1;
    this.slider.value = 0;
    const f = codebook.downsampling;
    this.strip.width = WALK_STEPS * f;
    this.strip.height = f;
    this.codes.forEach((code, i) => codebook.drawTile(this.strip.getContext("2d"), code, i * f, 0, f));
    this.told.textContent = `${new Set(this.codes).size} codes on the way`;
  }

  take() {
    const code = this.codes[this.slider.value];
    if (code === undefined) return;
    this.told.textContent = `step ${Number(this.slider.value) + 1} of ${WALK_STEPS}: code ${code}`;
    this.bench.choose(code);
  }

  // A walk through one codebook means nothing in another.
  show(codebook) {
    if (this.element.open && this.codebook && codebook !== this.codebook) this.begin();
  }
}
