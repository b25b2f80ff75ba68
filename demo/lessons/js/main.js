// One lesson on the screen at a time. A lesson begins when it is first shown; ?lesson=3 opens the one of that number.

import { Server } from "../../kit/js/server.js";
import { ComponentsLesson } from "./components.js";
import { DistributionLesson } from "./distribution.js";
import { LossesLesson } from "./losses.js";
import { PlaneLesson } from "./plane.js";
import { SentenceLesson } from "./sentence.js";
import { StraightThroughLesson } from "./straight_through.js";
import { TokenLesson } from "./token.js";

const KINDS = {
  token: TokenLesson, components: ComponentsLesson, plane: PlaneLesson, losses: LossesLesson, straight_through: StraightThroughLesson,
  distribution: DistributionLesson, sentence: SentenceLesson,
};
/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  const root = page.element.querySelector(".lessons");
  const screens = [...root.querySelectorAll("[data-lesson]")];
  const steps = [...root.querySelectorAll("nav [data-step]")];
  const asker = new Server(page.server);
  const begun = new Map();
  let shown = null;

  function open(number) {
    const screen = screens[number] ?? screens[0];
    if (screen === shown) return;
    begun.get(shown)?.left();
    shown = screen;
    for (const each of screens) each.hidden = each !== screen;
    steps.forEach((step, i) => step.setAttribute("aria-current", screens[i] === screen ? "step" : "false"));
    if (!begun.has(screen)) begun.set(screen, new KINDS[screen.dataset.lesson](screen, asker, page));
  }

  for (const step of root.querySelectorAll("[data-step]"))
    step.addEventListener("click", () => {
      open(Number(step.dataset.step));
      if (!steps.includes(step)) root.scrollIntoView({ block: "start" });
      const address = new URL(location.href);
      address.searchParams.set("lesson", step.dataset.step);
      history.replaceState(history.state, "", address);
    });

  for (const link of root.querySelectorAll("[data-tab]"))
    link.addEventListener("click", () => {
      const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#benches [role=tab]")]);
      tabs.find((tab) => tab.textContent.trim() === link.dataset.tab)?.click();
    });

  open(Number(new URLSearchParams(location.search).get("lesson") ?? 0));
  root.closest("#benches")?.scrollIntoView({ block: "start" });
}
