// The tools' buttons, and their lines in the list of keys.

import { TOOLS } from "./tools/index.js";

const KEY_NAMES = { " ": "Space" };

/** @param {import("./main.js").Bench} bench */
export function drawToolbar(element, bench) {
  element.prepend(...TOOLS.map((tool) => buttonOf(tool, bench)));
}

/**
 * @param {import("./tools/tool.js").Tool} tool
 * @param {import("./main.js").Bench} bench
 */
function buttonOf({ name, label, title, icon }, bench) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "icon", title, ariaLabel: label });
  button.dataset.tool = name;
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>`;
  button.addEventListener("click", () => bench.use(name));
  return button;
}

// Tools that are taken by a key stand in one list, those that are only held in another.
export function listTools(dialog) {
  const rows = (tools) => tools.map(rowOf);
  dialog.querySelector("[data-keys=tools]").append(...rows(TOOLS.filter(({ key }) => key)));
  dialog.querySelector("[data-keys=held]").replaceWith(...rows(TOOLS.filter(({ key, holdKey }) => holdKey && !key)));
}

function rowOf({ key, holdKey, help }) {
  const row = document.createElement("div");
  const [keys, what] = [document.createElement("dt"), document.createElement("dd")];
  keys.append(...[...(key ?? holdKey)].map(capOf));
  if (key && holdKey) what.append(`${help}; or hold `, capOf(holdKey));
  else what.append(key ? help : `Held: ${help}`);
  row.append(keys, what);
  return row;
}

function capOf(key) {
  const cap = document.createElement("kbd");
  cap.textContent = KEY_NAMES[key] ?? key.toUpperCase();
  return cap;
}
