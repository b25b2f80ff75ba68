// Click a token, and its code is the chosen one.

/** @type {import("./tool.js").Tool} */
export const pick = {
  name: "pick",
  key: "v",
  cursor: "crosshair",
  label: "Pick",
  title: "Pick a token and its code (V)",
  help: "Pick a token’s code",
  icon: '<path d="m5 3 14 8-6.5 1.5L9 19z"/>',
  press(at) {
    if (!at.token) return null;
    at.bench.pick(at.token);
    return {};
  },
  move(_, at) {
    if (at.token) at.bench.pick(at.token);
  },
};
