// One lesson on the screen at a time. A lesson begins when it is first shown; ?lesson=3 opens the one of that number.

import { asked, tell } from "../../kit/js/address.js";
import { Server } from "../../kit/js/server.js";
import { openTab, tabAsked } from "../../kit/js/tabs.js";
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
      tell({ tab: "lessons", lesson: step.dataset.step });
    });

  for (const link of root.querySelectorAll("[data-tab]"))
    link.addEventListener("click", () => openTab(link.dataset.tab));

  window.addEventListener("popstate", () => tabAsked() === "lessons" && open(Number(asked("lesson") ?? 0)));
  open(Number(asked("lesson") ?? 0));
}
