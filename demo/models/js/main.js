// @ts-check
// A card for each tokenizer of this page and for each that it offers to open; what the Hub knows of these is asked once they are seen.

import { PersonError, Server } from "../../kit/js/server.js";
import { onceSeen } from "../../kit/js/sight.js";
import { openTab, tabAsked } from "../../kit/js/tabs.js";
import { button, megabytes, newCard } from "./card.js";

const PAUSE_MS = 100; // between two calls to the comparison, until it hears

class Models {
  /** @param {HTMLElement} root  @param {import("../../kit/js/types.js").Page} page */
  constructor(root, page) {
    this.props = page.props;
    this.server = new Server(page.server);
    this.own = root.querySelector("[data-own]");
    this.offered = root.querySelector("[data-offered]");
    this.title = /** @type {HTMLElement} */ (root.querySelector("[data-offers]"));
    this.problem = /** @type {HTMLElement} */ (root.querySelector("[data-problem]"));
    this.pressed = 0;
    document.addEventListener("models-opened", () => this.refresh());
    onceSeen(root, () => this.refresh());
  }

  async refresh() {
    try {
      const { own, offered, home } = await this.server.ask("read_models", {});
      this.own.replaceChildren(...own.map((each) => this.ownCard(each, home)));
      this.title.hidden = !offered.length;
      const cards = offered.map((id) => this.offer(id));
      this.offered.replaceChildren(...cards.map(({ element }) => element));
      for (const card of cards) await card.ask();
    } catch (problem) {
      if (!(problem instanceof PersonError)) throw problem;
      this.problem.hidden = false;
      this.problem.textContent = problem.message;
    }
  }

  /** @param {import("../../kit/js/answers.js").CardData & {name: string, said: string, comparable: boolean}} data  @param {string} home */
  ownCard(data, home) {
    const { name, said } = data;
    const use = button("Tokenize with it", () => {}); // the canvas listens: see model_links.js
    use.dataset.useModel = name;
    use.setAttribute("aria-pressed", String(name === window.canvas?.picture?.codebook.model));
    const compare = button(`Compare with ${home}`, () => compareModels([home, name]));
    const card = newCard(name, name === home || !data.comparable ? [use] : [use, compare]);
    card.say(said || `It is ${data.what}.`);
    card.tell(data);
    return card.element;
  }

  offer(id) {
    const open = button("Open it", () => {
      this.props.value = { id, press: ++this.pressed }; // Python hears, and tells how far it is
    });
    open.dataset.open = id;
    const { element, say, tell } = newCard(id, [open]);
    say("Asking the Hub …");
    const ask = async () => {
      try {
        const data = await this.server.ask("describe_model", { id });
        say(`It is ${data.what}.`);
        tell(data);
        if (data.bytes !== null) open.textContent = `Open it, ${megabytes(data.bytes)}`;
      } catch (problem) {
        say(problem instanceof PersonError ? problem.message : "What it is could not be asked.");
      }
    };
    return { element, ask };
  }
}

// The comparison is told before it comes into sight, or it would begin with what nobody asked for. It may have to be laid out first,
// which takes a busy machine a while: it is called until it answers by preventDefault, or until the person has gone to another tab.
async function compareModels(models) {
  const isHeard = () => !document.dispatchEvent(new CustomEvent("compare-models", { detail: models, cancelable: true }));
  const told = isHeard();
  openTab("compare");
  if (told) return;
  do await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  while (!isHeard() && tabAsked() === "compare");
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  new Models(page.element.querySelector(".models"), page);
}
