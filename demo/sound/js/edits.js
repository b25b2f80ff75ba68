// What a person does to the selected tokens of a clip; all that they reach is decoded anew.

import { packTokens } from "../../kit/js/bytes.js";
import { listenForUndo } from "../../kit/js/keys.js";
import { shuffled } from "../../kit/js/random.js";
import { unpackSamples } from "./clip.js";

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
    };
    for (const button of sound.root.querySelectorAll("[data-do]")) button.addEventListener("click", edits[button.dataset.do]);
    listenForUndo(sound.root, () => this.takeBack());
  }

  change(edit) {
    const { sound, sound: { clip } } = this;
    const [from, to] = sound.timeline.selection;
    const next = clip.tokens.slice();
    next.set(edit(Array.from(clip.tokens.slice(from, to))), from);
    if (next.every((token, i) => token === clip.tokens[i])) return;
    clip.history.push(clip.tokens);
    return sound.begin(() => this.become(next, from, to));
  }

  takeBack() {
    const before = this.sound.clip?.history.pop();
    if (before) return this.sound.begin(() => this.become(before, 0, before.length));
  }

  async become(tokens, from, to) {
    const { sound, sound: { clip, turn } } = this;
    clip.tokens = tokens;
    if (!clip.rate) return sound.showTable(clip, true);
    const { halo, codes } = sound.about;
    // A stroke that was overtaken is not lost: its places are decoded with the next.
    const stale = (clip.stale = [Math.min(from, clip.stale?.[0] ?? from), Math.max(to, clip.stale?.[1] ?? to)]);
    const [first, last] = [Math.max(0, stale[0] - halo), Math.min(tokens.length, stale[1] + halo)];
    const [left, right] = [Math.max(0, first - halo), Math.min(tokens.length, last + halo)];
    const question = { tokens: packTokens(tokens.slice(left, right), codes), start: first - left, stop: last - left };
    sound.showSound(clip, true);
    const answer = await sound.server.ask("decode_sound", question, { patient: true });
    if (turn !== sound.turn || clip !== sound.clip) return;
    clip.stale = null;
    clip.rebuilt = clip.rebuilt.slice();
    clip.rebuilt.set(unpackSamples(answer.samples), first * clip.span);
    sound.showSound(clip, true);
    sound.told.textContent = `Tokens ${from} to ${to - 1} are changed; they reach from ${first} to ${last - 1}.`;
  }
}
