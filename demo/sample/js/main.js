// The sampler: settings on one side, a view on the other. One thing is written at a time; whatever is begun stops the last.

import { Codebooks } from "../../kit/js/codebook.js";
import { PersonError, Server } from "../../kit/js/server.js";
import { Contrast } from "./contrast.js";
import { Gallery } from "./gallery.js";
import { Settings } from "./settings.js";
import { Watch } from "./watch.js";

class Sampler {
  constructor(root, { server, props }) {
    this.root = root;
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.told = part("told");
    this.progress = part("progress");
    this.button = part("run");
    this.tell = this.tell.bind(this);
    this.server = new Server(server);
    this.codebooks = new Codebooks(this.server);
    this.settings = new Settings(part("settings"), props.priors, props.most, () => this.run());
    const view = (name) => root.querySelector(`[data-view=${name}]`);
    const kinds = { gallery: Gallery, watch: Watch, contrast: Contrast };
    /** @type {Record<string, any>} */
    this.views = Object.fromEntries(Object.entries(kinds).map(([name, View]) => [name, new View(view(name), this)]));
    this.words = {}; // what each view told last
    this.shown = {}; // what each view's result was drawn with
    part("settings").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.running) return this.run();
      this.stop();
      this.shown[this.view] = this.key; // as far as it went, since somebody wants it so
      this.tell(this.view, `Stopped. ${this.told.textContent}`);
    });
    for (const tab of root.querySelectorAll("[data-show]")) tab.addEventListener("click", () => this.show(tab.dataset.show));
    this.show("gallery");
  }

  show(name) {
    this.stop();
    if (this.view === "watch") this.views.watch.pause();
    this.view = name;
    for (const tab of this.root.querySelectorAll("[data-show]")) tab.setAttribute("aria-selected", tab.dataset.show === name);
    for (const section of this.root.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== name;
    for (const field of this.root.querySelectorAll("[data-only]")) field.hidden = field.dataset.only !== name;
    this.tell(name, ...(this.words[name] ?? [""]));
    this.refresh();
    if (this.shown[name] !== this.key) this.run();
  }

  // Equal where what the view shows would be drawn again.
  get key() {
    return this.settings.key(this.view === "gallery" ? this.settings.count : 1);
  }

  async run() {
    const { view } = this;
    const run = (this.running = {});
    const isStopped = () => this.running !== run;
    const { key } = this;
    const section = this.root.querySelector(`[data-view=${view}]`);
    section.classList.remove("stale");
    this.refresh();
    try {
      await this.views[view].run(isStopped);
      if (!isStopped()) this.shown[view] = key;
    } catch (problem) {
      section.classList.add("stale");
      if (!isStopped()) this.tell(view, problem.message);
      if (!(problem instanceof PersonError)) console.warn(problem);
    } finally {
      if (!isStopped()) this.stop();
    }
  }

  stop() {
    this.running = null;
    this.refresh();
  }

  refresh() {
    this.button.textContent = this.running ? "Stop" : this.views?.[this.view]?.label ?? "";
    this.button.classList.toggle("stop", Boolean(this.running));
  }

  // A word on how it goes; share: how much of it is done, none where nothing goes on.
  tell(view, text, share = 0) {
    this.words[view] = [text, share];
    if (view !== this.view) return;
    this.told.textContent = text;
    this.progress.value = share;
    this.progress.classList.toggle("idle", !share);
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  const { element, props } = page;
  if (props.priors.length) return new Sampler(element.querySelector(".sampler"), page);
  for (const part of element.querySelectorAll(".settings, .work")) part.hidden = true;
  element.querySelector("[data-none]").hidden = false;
}
