// The address says what is shown, and what the address says is shown: by a link, a reload, back and forward.

import { asked, tell } from "../../kit/js/address.js";
import { FIRST_TAB, onTab, openTab, tabAsked } from "../../kit/js/tabs.js";

const PRIVATE = /^(dropped|trained)-/; // models that are for those who have them

/** A name for the address, or null where it has none to say. */
export const shared = (model, usual) => (model === usual || PRIVATE.test(model) ? null : model);

export class Address {
  /** @param {import("./main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.isFollowing = true; // until the page has begun
    document.documentElement.dataset.tab = tabAsked();
    onTab((name) => {
      document.documentElement.dataset.tab = name;
      tell({ tab: name === FIRST_TAB ? null : name, ...(name !== "lessons" && { lesson: null }) });
    });
    new MutationObserver(() => this.isFollowing || tell({ layer: bench.root.dataset.shows }, { replace: true })).observe(bench.root, {
      attributeFilter: ["data-shows"],
    });
    window.addEventListener("popstate", () => this.follow());
  }

  // The example that a picture is, if it is one.
  exampleOf({ source }) {
    return this.bench.props.examples.find(({ id }) => id === source.original?.id)?.name ?? null;
  }

  tellPicture(replace = false) {
    const { picture, props } = this.bench;
    if (this.isFollowing) return;
    const model = shared(picture.codebook.model, props.model);
    tell({ example: this.exampleOf(picture), model }, { replace, state: { picture: picture.id } });
  }

  // The page has begun.
  begin() {
    this.look();
    this.isFollowing = false;
    this.tellPicture(true);
  }

  look() {
    const layer = CSS.escape(asked("layer") ?? "");
    if (layer) this.bench.root.querySelector(`[data-view="${layer}"], [data-layer="${layer}"]`)?.click();
  }

  async follow() {
    const { bench, bench: { intake, pictures, props, workspace } } = this;
    this.isFollowing = true;
    openTab(tabAsked());
    this.look();
    const model = asked("model") ?? props.model;
    const known = pictures.find(({ id }) => id === history.state?.picture);
    if (known && known !== bench.picture) workspace.show(known);
    else if (!known && asked("example")) {
      if (model !== bench.model) await intake.open(`?model=${model}`, () => workspace.adopt(model));
      await intake.openExample(asked("example"));
    }
    this.isFollowing = false;
  }
}
