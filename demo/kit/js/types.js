// What travels between the page and the server, and what Gradio hands to a bench. demo/document.py says what a document is.

/**
 * Tokens of one level: rows and columns, and the codes row by row as base64 of little-endian uint16, uint32 where the
 * codebook has more than 65,536.
 * @typedef {{shape: [number, number], data: string}} GridData
 */

/**
 * A picture as token grids, coarse to fine. `width` and `height` are its pixels; `original` refers to the file it came from.
 * @typedef {object} Document
 * @property {number} version
 * @property {string} model
 * @property {string} name
 * @property {string} id  "" where the page has yet to give it one
 * @property {number} width
 * @property {number} height
 * @property {GridData[]} grids
 * @property {{id: string, bytes: number, width: number, height: number} | null} original
 */

/** PSNR in dB, null where the two are equal, and SSIM. @typedef {{psnr: number | null, ssim: number}} Fidelity */

/**
 * What the canvas holds, and its value in Python.
 * @typedef {{documents: Document[], active: number, level: number, fidelity: (Fidelity | null)[]}} Workspace
 */

/** An area in tokens, ends excluded: top, bottom, left, right. @typedef {[number, number, number, number]} Area */

/** A token's place in a grid. @typedef {{row: number, column: number}} Token */

/**
 * A level's codebook as the server tells it, K = `size`, D = `code_dim`. `name` is what the level is called beside others; `tiles` is
 * the address of a sheet of what each code looks like alone; `halo` in tokens of the finest grid, null where a token reaches everywhere;
 * `usage` is base64 of uint32, how often training used each code.
 * @typedef {object} CodebookData
 * @property {string} name
 * @property {number} size
 * @property {number} code_dim
 * @property {number} downsampling
 * @property {number | null} halo
 * @property {string} usage
 * @property {string} tiles
 */

/**
 * What the page knows of a prior: its tokenizer, the size in pixels of what it writes, its grids, coarse to fine, and the
 * texts that it takes, a list of them or anything.
 * @typedef {object} PriorData
 * @property {string} name
 * @property {string} model
 * @property {number} width
 * @property {number} height
 * @property {{shape: [number, number], codes: number}[]} grids
 * @property {string[]} conditions
 * @property {boolean} anySize  whether it takes grids of any size; its own are what it samples
 * @property {boolean} attends  whether it has attention
 * @property {[number, number][]} [shape]  of its grids, where they are not its own
 * @property {boolean} takesText
 * @property {string[]} [sentences]  what is known of it, in words
 * @property {Record<string, number>} [settings]  that it draws best with
 * @property {number | null} [seed]  with which it is shown first
 * @property {[string, string][]} [styles]  each a word, and what it is called
 * @property {string[]} [inTurn]  words to draw in turn where none are asked for
 */

/**
 * How tokens are drawn.
 * @typedef {object} Drawing
 * @property {string | string[] | null} condition  one text for all samples, or one each
 * @property {number | null} [temperature]
 * @property {number | null} [top_k]
 * @property {number | null} [top_p]
 * @property {number | null} [guidance]
 * @property {number} [seed]
 */

/**
 * What the next token is drawn from: the likeliest codes first, their odds before and after temperature, top-k and top-p; `bits` is the
 * entropy after.
 * @typedef {{codes: number[], before: number[], probabilities: number[], probability: number, possible: number, bits: number}} Next
 */

/**
 * What Gradio hands to a bench: its element, its settings and value, the server's functions.
 * @typedef {object} Page
 * @property {any} element  an HTMLElement; any, so that what is found in it needs no cast
 * @property {any} props
 * @property {Record<string, (question: object) => Promise<any>>} server
 * @property {(event: string) => void} trigger
 * @property {(file: File) => Promise<{path: string}>} upload
 * @property {(name: string, listener: () => void) => void} watch
 */

export {};
