// The line under the stage: where the pointer or the cursor is, and what stands there.

export class Readout {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
  }

  show(token) {
    const { picture, cursor, probe, surprise, why } = this.bench;
    const at = token ?? cursor.token;
    why.follow(token);
    if (probe.held && at) probe.hold(at);
    const code = at && picture ? picture.codeAt(at) : null;
    const facts = {
      row: at?.row,
      column: at?.column,
      code,
      count: code === null ? null : picture.counts[code],
      bits: code === null ? null : surprise.of(picture)?.bits[at.row * picture.columns + at.column].toFixed(2),
    };
    for (const [name, value] of Object.entries(facts))
      this.element.querySelector(`[data-fact=${name}]`).textContent = value ?? "–";
    const size = picture ? `${picture.width} × ${picture.height} px, ${picture.columns} × ${picture.rows} tokens` : "";
    this.element.querySelector("[data-fact=size]").textContent = size;
  }
}
