// The tabs below the canvas, called by their names in small letters.

import { asked } from "./address.js";

const BUTTONS = "#benches > .tab-wrapper :is([role=tab], .overflow-dropdown button)";
export const FIRST_TAB = "tokens";

// The one that the address asks for.
export const tabAsked = () => asked("tab") ?? (asked("lesson") ? "lessons" : FIRST_TAB);

const nameOf = (button) => button.textContent.trim().toLowerCase();

// Open one, from the menu of those that a narrow window has no room for if need be.
export function openTab(name) {
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(BUTTONS)]);
  buttons.find((button) => nameOf(button) === name.toLowerCase())?.click();
}

/** listener: hears the name of each tab that is opened, after it is. */
export function onTab(listener) {
  document.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest(BUTTONS);
    if (button) setTimeout(() => listener(nameOf(button)));
  });
}
