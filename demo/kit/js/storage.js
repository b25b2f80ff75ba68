// Words that the browser keeps for this page: till the window closes (sessionStorage) or longer (localStorage). It may forbid
// that, as in a private window or a framed page; then they last as long as the page.

const inHand = new Map();

/** @returns {string | null} */
export function recall(key, kind = "localStorage") {
  try {
    return window[kind].getItem(key) ?? inHand.get(key) ?? null;
  } catch {
    return inHand.get(key) ?? null;
  }
}

/** Whether anything is kept under a name that begins so. */
export function hasKept(start) {
  try {
    return [...Object.keys(localStorage), ...Object.keys(sessionStorage)].some((key) => key.startsWith(start));
  } catch {
    return false;
  }
}

/** text: null to forget it. */
export function keep(key, text, kind = "localStorage") {
  inHand.delete(key);
  try {
    if (text === null) window[kind].removeItem(key);
    else window[kind].setItem(key, text);
  } catch {
    if (text !== null) inHand.set(key, text);
  }
}
