// Links to pictures: to an example and what was changed in it, or to a few tokens whole. What the link holds stands after
// the #, which browsers keep to themselves: no server stores it.

import { base64ToBytes, bytesToBase64 } from "../../../kit/js/bytes.js";
import { withoutTies } from "../../../kit/js/document.js";
import { PersonError } from "../../../kit/js/server.js";
import { counted } from "../../../kit/js/words.js";
import { shared } from "../address.js";

const LINK_SIDE = 16; // tokens
const MOST_LETTERS = 8000; // of changes: what mail and chats leave whole
const WHOLE = "#tokens=";
const CHANGED = "#changes=";
const CUT_SHORT = "It is cut short. Ask for it again, whole.";

/**
 * The link to what is selected, or to the whole picture.
 * @param {import("../main.js").Bench} bench
 * @returns {{link: string, holds: string}}  PersonError where no link can hold it
 */
export function linkTo({ address, picture, props, selection: { area } }) {
  const model = shared(picture.codebook.model, props.model);
  const example = area ? null : address.exampleOf(picture);
  if (example) {
    const changes = changesOf(picture);
    const text = lettersOf(packChanges(changes));
    const holds = changes.length ? `${example} and ${counted(changes.length, "changed token")}` : example;
    if (text.length <= MOST_LETTERS) return { link: withSearch({ example, model }) + (changes.length ? CHANGED + text : ""), holds };
  }
  const document = area ? picture.partDocument(area) : picture.toDocument();
  const [rows, columns] = document.grids.at(-1).shape;
  if (rows > LINK_SIDE || columns > LINK_SIDE)
    throw new PersonError(
      `A link holds ${LINK_SIDE} × ${LINK_SIDE} tokens at most and this has ${columns} × ${rows}. ` +
        "Select a smaller part, or save the tokens as a file.",
    );
  const bytes = new TextEncoder().encode(JSON.stringify(withoutTies(document)));
  return { link: withSearch({ model }) + WHOLE + lettersOf(bytes), holds: `${area ? "the selected" : "its"} ${columns} × ${rows} tokens` };
}

const startOf = (hash) => [WHOLE, CHANGED].find((start) => hash.startsWith(start));

export const isLink = () => Boolean(startOf(location.hash));

/**
 * What the page's address holds: a document, or the changes of an example, [place, code] each. It leaves the address: what
 * becomes of it is kept by the browser.
 */
export function takeFromAddress() {
  const { hash } = location;
  const start = startOf(hash);
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    const bytes = base64ToBytes(hash.slice(start.length).replaceAll("-", "+").replaceAll("_", "/"));
    return start === WHOLE ? { document: JSON.parse(new TextDecoder().decode(bytes)) } : { changes: unpackChanges(bytes) };
  } catch {
    throw new PersonError(CUT_SHORT);
  }
}

// Where the picture differs from what it was before its first edit: [place, code], by place.
function changesOf({ grids, history: { past } }) {
  const first = new Map(past.toReversed().flatMap((gesture) => gesture.toReversed().map(([place, before]) => [place, before])));
  const all = grids.flatMap(({ tokens }) => Array.from(tokens));
  return [...first].filter(([place, before]) => all[place] !== before).map(([place]) => [place, all[place]]).sort(([a], [b]) => a - b);
}

// Steps from place to place, and codes, in groups of seven bits (LEB128).
function packChanges(changes) {
  const bytes = [];
  const put = (number) => {
    for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
    bytes.push(number);
  };
  changes.forEach(([place, code], i) => (put(place - (changes[i - 1]?.[0] ?? 0)), put(code)));
  return Uint8Array.from(bytes);
}

function unpackChanges(bytes) {
  const numbers = [];
  for (let i = 0; i < bytes.length; i++) {
    let number = 0;
    let shift = 0;
    for (; bytes[i] > 127; shift += 7) number |= (bytes[i++] & 127) << shift;
    numbers.push(number | (bytes[i] << shift));
  }
  if (numbers.length % 2) throw new PersonError(CUT_SHORT);
  let place = 0;
  return Array.from({ length: numbers.length / 2 }, (_, i) => [(place += numbers[2 * i]), numbers[2 * i + 1]]);
}

const lettersOf = (bytes) => bytesToBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function withSearch(names) {
  const { origin, pathname } = location;
  const search = new URLSearchParams(Object.entries(names).filter(([, value]) => value !== null));
  return origin + pathname + (search.size ? `?${search}` : "");
}
