// Which key was pressed, whatever the keyboard is set to.

const LATIN = /^[a-z]$/i;

const cased = (name, shift) => (LATIN.test(name) ? (shift ? name.toUpperCase() : name.toLowerCase()) : name);

/**
 * The names that the key may go by, the likeliest first: its Latin letter, or else its sign and the letter or digit at its
 * place on the keyboard, so that Cyrillic and Greek have them too. Caps Lock doesn't matter.
 * @param {{key: string, code: string, shiftKey: boolean}} event
 */
export function namesOf({ key, code, shiftKey }) {
  if (LATIN.test(key)) return [cased(key, shiftKey), key.toLowerCase()];
  const place = /^(?:Key|Digit|Numpad)(\w)$/.exec(code ?? "")?.[1];
  return place ? [key, cased(place, shiftKey), place.toLowerCase()] : [key];
}

export const isTyping = ({ target }) => Boolean(target.closest("input:not([type=range], [type=radio], [type=checkbox]), textarea, [contenteditable]"));

/** "undo", "redo" or null. */
export function undoKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const name = namesOf(event).at(-1);
  return name === "y" || (name === "z" && event.shiftKey) ? "redo" : name === "z" ? "undo" : null;
}

// Ctrl+Z takes back what was done last in a part of the page that has a history of its own, once it has been used.
export function listenForUndo(part, takeBack) {
  let isUsed = false;
  for (const event of ["pointerdown", "focusin"])
    document.addEventListener(event, ({ target }) => (isUsed = part.contains(/** @type {Node} */ (target))), true);
  document.addEventListener("keydown", (event) => {
    if (!isUsed || !part.checkVisibility() || isTyping(event) || undoKey(event) !== "undo") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    takeBack();
  }, true);
}
