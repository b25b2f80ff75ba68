// Links that hold a small picture whole, after the #, which browsers keep to themselves: no server stores it.

import { base64ToBytes, bytesToBase64 } from "../../../kit/js/bytes.js";
import { withoutTies } from "../../../kit/js/document.js";
import { PersonError } from "../../../kit/js/server.js";

const LINK_SIDE = 16; // tokens
export const LINK_START = "#tokens=";

export function linkTo(document) {
  const [rows, columns] = document.grids.at(-1).shape;
  if (rows > LINK_SIDE || columns > LINK_SIDE)
    throw new PersonError(
      `A link holds ${LINK_SIDE} × ${LINK_SIDE} tokens at most and this has ${columns} × ${rows}. ` +
        "Select a smaller part, or save the tokens as a file.",
    );
  const text = bytesToBase64(new TextEncoder().encode(JSON.stringify(withoutTies(document))));
  const { origin, pathname, search } = location;
  return origin + pathname + search + LINK_START + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The document that the page's address holds, or null. It leaves the address: what becomes of it is kept by the browser.
export function documentInAddress() {
  if (!location.hash.startsWith(LINK_START)) return null;
  const text = location.hash.slice(LINK_START.length).replaceAll("-", "+").replaceAll("_", "/");
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    return JSON.parse(new TextDecoder().decode(base64ToBytes(text)));
  } catch {
    throw new PersonError("It is cut short. Ask for it again, whole.");
  }
}
