// What a tool is. The toolbar, the list of keys and the stage know nothing of a tool but this.

/**
 * Where a pointer is on the stage.
 * @typedef {object} At
 * @property {import("../main.js").Bench} bench
 * @property {import("../stage/stage.js").Stage} stage
 * @property {{x: number, y: number}} place  in CSS pixels of the stage
 * @property {{x: number, y: number}[]} path  all places since the last event, this one included
 * @property {{row: number, column: number} | null} token  the one under it
 * @property {PointerEvent} event
 */

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} [key]  each of its letters takes the tool
 * @property {string} [holdKey]  the key that works while it is held down, whatever the tool
 * @property {string} cursor  as CSS names it
 * @property {string} label  on the button, for who hears it
 * @property {string} title  of the button
 * @property {string} help  in the list of keys
 * @property {string} icon  what stands in the button's SVG, 24 × 24
 * @property {boolean} [takesAlt]  Alt is the tool's own; with others it picks
 * @property {(at: At) => any} press  begins a gesture and answers what it remembers, or null where nothing begins
 * @property {(gesture: any, at: At) => void} [move]
 * @property {(gesture: any, at: At) => void} [release]
 * @property {(bench: import("../main.js").Bench) => void} [cancel]  a second finger makes a pinch of the gesture: take back what it did
 * @property {(bench: import("../main.js").Bench) => void} [hold]  holdKey went down
 * @property {(bench: import("../main.js").Bench) => void} [letGo]  holdKey went up, or the stage lost the keys
 */

export {};
