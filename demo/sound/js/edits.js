// What a person does to the selected tokens of a clip; all that they reach is decoded anew.

import { listenForUndo } from "../../kit/js/keys.js";
import { shuffled } from "../../kit/js/random.js";
import { packRows, unpackSamples } from "./clip.js";

export class Edits {
  /** @param {import("./main.js").Sound} sound */
  constructor(sound) {
    this.sound = sound;
    sound.edit.addEventListener("submit", (event) => {
      event.preventDefault();
      const code = sound.edit.elements.code.valueAsNumber;
      this.change((tokens) => tokens.map(() => code));
    });
    const edits = {
      reverse: () => this.change((tokens) => tokens.slice().reverse()),
      repeat: () => this.change((tokens) => tokens.map(() => tokens[0])),
      shuffle: () => this.change(shuffled),
      undo: () => this.takeBack(),
      paint: () => sound.levels.togglePaint(),
    };
    for (const button of sound.root.querySelectorAll("[data-do]")) button.addEventListener("click", edits[button.dataset.do]);
    listenForUndo(sound.root, () => this.takeBack());
  }

  change(edit) {
    const [from, to] = this.sound.timeline.selection;
    return this.changePart(this.sound.timeline.row, from, to, edit);
  }

  // edit: some of a level's tokens → as many others.
  changePart(row, from, to, edit) {
    const { sound, sound: { clip } } = this;
    const before = clip.rows[row];
    const next = before.slice();
    next.set(edit(Array.from(before.slice(from, to))), from);
    if (next.every((token, i) => token === before[i])) return;
    clip.history.push(clip.rows);
    return sound.begin(() => this.become(clip.rows.with(row, next), from, to, row));
  }

  takeBack() {
    const before = this.sound.clip?.history.pop();
    if (before) return this.sound.begin(() => this.become(before, 0, before[0].length));
  }

  // row: of the level that was changed, where it is one.
  async become(rows, from, to, row = null) {
    const { sound, sound: { clip, turn } } = this;
    clip.rows = rows;
    if (!clip.rate) return sound.showTable(clip, true);
    const { halo: reach, codes, levels } = sound.about;
    const length = rows[0].length;
    const halo = reach ?? length; // a token that is heard everywhere has the whole clip decoded
    // A stroke that was overtaken is not lost: its places are decoded with the next.
    const stale = (clip.stale = [Math.min(from, clip.stale?.[0] ?? from), Math.max(to, clip.stale?.[1] ?? to)]);
    const [first, last] = [Math.max(0, stale[0] - halo), Math.min(length, stale[1] + halo)];
    const [left, right] = [Math.max(0, first - halo), Math.min(length, last + halo)];
    const tokens = packRows(rows.map((each) => each.slice(left, right)), codes);
    const question = { tokens, start: first - left, stop: last - left, kept: sound.levels.kept };
    sound.showSound(clip, true);
    const answer = await sound.server.ask(reach === null ? "decode_clip" : "decode_sound", question, { patient: true });
    if (turn !== sound.turn || clip !== sound.clip) return;
    clip.stale = null;
    clip.rebuilt = clip.rebuilt.slice();
    clip.rebuilt.set(unpackSamples(answer.samples), first * clip.span);
    sound.showSound(clip, true);
    const of = row !== null && rows.length > 1 ? ` of level ${levels[row]}` : "";
    sound.told.textContent = `Tokens ${from} to ${to - 1}${of} are changed; they reach from ${first} to ${last - 1}.`;
  }
}
