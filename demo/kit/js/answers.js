// What each of the server's functions answers; what it is asked stands in Python, where it is defined.
// Pictures are data URLs of PNGs, numbers of many kinds base64 of little-endian float32.

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").GridData} GridData */

/** A picture that was opened. @typedef {{document: Document, original?: string, rebuilt: string, note: string | null}} Opened */

/**
 * How a token was chosen: the code that stands, its vector and the encoder's, float32; the nearest codes to that, the winner first.
 * @typedef {object} ChoiceData
 * @property {number} code
 * @property {string | null} z_e  null where there is no original
 * @property {string} e_k
 * @property {number[]} nearest
 * @property {number[]} distances  of those
 * @property {number} distance  of the code that stands
 * @property {number} rank  of it, from 0
 */

/**
 * The canvas: demo/canvas/page.py and demo/kit/page.py.
 * @typedef {object} CanvasAnswers
 * @property {Opened} open_picture
 * @property {Opened} open_example
 * @property {Opened} open_document
 * @property {Opened} open_token_file
 * @property {{pixels: string}} decode_window  base64 of RGB, row by row
 * @property {{pixels: string}} decode_whole
 * @property {{model: string, tokens: string, encoder_halo: number | null, levels: import("./types.js").CodebookData[]}} read_codebook
 * @property {{choices: ChoiceData[], lines: {file: string, line: number, text: string}[]}} explain_token
 * @property {{pictures: string[]}} decode_choices
 * @property {{codes: number[]}} nearest_codes
 * @property {{codes: number[]}} codes_between
 * @property {{picture: string}} decode_level
 * @property {{grids: GridData[], rounds: number}} refine_tokens
 * @property {{name: string, type: string, data: string}} export_tokens
 * @property {{tokens: string, next: import("./types.js").Next[]}} write_tokens
 * @property {{pictures: string[]}} decode_tokens
 * @property {{tokens: string}} draw_tokens
 * @property {{layers: number, heads: number, words: string[], text: string, tokens: string}} look_back
 * @property {{bits: number, words: string[], text: string, tokens: string}} measure_effects
 * @property {{bits: string}} judge_tokens
 * @property {{bits: string}} judge_band
 * @property {{tokens: string, picture: string}} rewrite_tokens
 * @property {{tokens: string}} extend_tokens
 */

/**
 * @typedef {object} CodeAnswer
 * @property {number | null} rank  null where nobody counted
 * @property {number[]} codes  itself and its nearest
 * @property {number[]} distances
 * @property {string} vectors
 * @property {string | null} patches  side by side
 * @property {number} count  of them
 * @property {number} margin  pixels of a patch around the token
 */

/**
 * @typedef {object} AtlasAnswer
 * @property {string} principal  places, float32 [K, 2]
 * @property {number} share  of the variance that the principal plane has
 * @property {string | null} neighbourhood
 * @property {string | null} make  the command that adds what is missing
 * @property {string} mean  of each component over the codes, float32 [D]
 * @property {string} spread  its standard deviation
 */

/**
 * What is known of a tokenizer without its weights.
 * @typedef {object} CardData
 * @property {string} what
 * @property {number[]} codes  of each level, coarse to fine
 * @property {number[]} downsampling
 * @property {number | null} bytes  of its files
 * @property {string | null} licence
 */

/**
 * @typedef {object} ComparisonAnswer
 * @property {string} rebuilt
 * @property {GridData} grid  of the finest level, in codes of the whole codebook
 * @property {number} tokens
 * @property {number} bits
 * @property {number} bits_per_pixel
 * @property {string | null} note  on what was done to its file
 * @property {number | null} psnr
 * @property {number} ssim
 * @property {{codes: number, downsampling: number}[]} levels
 * @property {number} encoding  seconds
 * @property {number} decoding
 * @property {{codec: string, url: string, bytes: number, psnr: number | null, ssim: number}[]} rivals
 */

/**
 * @typedef {object} TableAnswer
 * @property {string[]} names
 * @property {number[]} low  of each column
 * @property {number[]} high
 * @property {number} steps  moments a token
 * @property {string} values  float32 [F, T] in [-1, 1]
 * @property {string} tokens
 * @property {string} codebook  float32 [K, F, steps]
 * @property {number} codes
 * @property {number[]} rmse  what is left of each column, in its own units
 */

/**
 * @typedef {object} RunAnswer
 * @property {string} stage
 * @property {boolean} running
 * @property {string | null} problem
 * @property {string | null} notice
 * @property {number} minutes
 * @property {number} budget
 * @property {number} pictures
 * @property {number} codes
 * @property {Record<string, number>[]} losses
 * @property {Record<string, number>[]} validations
 * @property {string} stamp
 * @property {string | null} sheet
 * @property {string[]} ready
 */

/**
 * The benches, each in its page.py.
 * @typedef {object} BenchAnswers
 * @property {AtlasAnswer} read_atlas
 * @property {CodeAnswer} read_code
 * @property {{tokenizers: {name: string, sizes: number[], largest: number}[]}} read_choices
 * @property {ComparisonAnswer} compare_picture
 * @property {{own: (CardData & {name: string, said: string, comparable: boolean})[], offered: string[], home: string}} read_models
 * @property {CardData} describe_model
 * @property {{words: {word: string, pieces: string[]}[], tokens: number, room: number, unseen: string[]}} read_prompt
 * @property {{fits: number[] | null}} rank_pictures
 * @property {{whole: number, without: number[]}} weigh_words
 * @property {{found: {text: string, picture: string, fit: number}[], note: string | null}} find_nearest
 * @property {{scene: any, picture: string, boxes: ([number, number, number, number] | null)[], text: string, unseen: string[]}} draw_scene
 * @property {{document: import("./types.js").Document, rebuilt: string}} tokenize_scene
 * @property {{tokens: string, original: string, rebuilt: string}} encode_sound  samples are base64 of int16
 * @property {{samples: string}} decode_sound
 * @property {{samples: string}} decode_clip
 * @property {{samples: string}} hear_level
 * @property {{tokens: string, samples: string}} speak
 * @property {TableAnswer} read_table
 * @property {{run: string, pictures: number}} begin
 * @property {{pictures: string[], texts: string[]}} preview_scenes
 * @property {RunAnswer} follow
 * @property {{asked: boolean}} stop
 * @property {{going: boolean}} go_on
 * @property {{going: boolean}} begin_prior
 * @property {{model: string, picture: string}} open_model
 * @property {{name: string, data: string}} download
 * @property {{texts: string[], reads: boolean, samples: {picture: string, document: Document, text: string}[]}} sample
 */

/** @typedef {[number, number]} Point */

/**
 * @typedef {object} PlaneAnswer
 * @property {number[]} tokens
 * @property {number[][]} tied
 * @property {number[][]} distances
 * @property {number[][]} weights
 * @property {Point[]} soft
 * @property {string} cells  a byte each
 */

/** @typedef {{x: Point[], z_e: Point[], codebook: Point[], counts: number[]}} Plane */

/**
 * @typedef {object} StepAnswer
 * @property {Plane} plane
 * @property {number[]} tokens
 * @property {Record<string, number>} losses
 * @property {Record<string, {z_e: Point[], codebook: Point[]}>} gradients
 * @property {number[]} switched
 * @property {number[]} revived
 */

/**
 * The lessons, each in the Python file of its name; those that are shown as they come are `any`.
 * @typedef {object} LessonAnswers
 * @property {any} compress_patches
 * @property {any} read_components
 * @property {{weights: number[], codes: number[]}} read_patch
 * @property {{seen: Point[]}} read_latents
 * @property {{picture: string, density: number}} decode_latent
 * @property {{pictures: string, cost?: number, judged?: number, by: string}} draw_pictures
 * @property {{plane: Plane}} scatter_plane
 * @property {StepAnswer} train_plane
 * @property {{code: number | null, squares: string, mean: string, decoded: string}} read_meanings
 * @property {{original: string, decoders: {name: string, picture: string, psnr: number, sharpness: number}[]}} read_decoders
 * @property {PlaneAnswer} look_up_points
 * @property {any} read_vocabulary
 * @property {any} read_sentence
 * @property {{tokens: number[]}} write_sentence
 * @property {{bits: [string, number][]}} judge_sentence
 * @property {any} find_slopes
 */

/** @typedef {CanvasAnswers & BenchAnswers & LessonAnswers} Answers */

export {};
