// The canvas as the benches have it: window.canvas, and nothing else of it. Beside it, three events on the document:
// canvas-code, another code is chosen; canvas-picture, another picture is shown, or this one has changed and settled;
// canvas-view, it is looked at in another way.

/** @typedef {import("../../kit/js/types.js").Document} Document */
/** @typedef {import("../../kit/js/types.js").Drawing} Drawing */

/**
 * @typedef {object} Face
 * @property {import("./document/picture.js").Picture | null} picture  the one on the stage, to read; null before there is one
 * @property {number} code  the chosen one
 * @property {string} view  "side", all layers side by side, or the name of the one that is shown alone; to read and to set
 * @property {(code: number) => void} choose
 * @property {(code: number | null) => void} point  show where a code stands in the picture; null: no more
 * @property {(model: string) => Promise<import("../../kit/js/codebook.js").Codebook>} codebookOf
 * @property {(document: Document) => Promise<boolean>} give  a document joins the filmstrip and comes on the stage; whether it did
 * @property {(model: string) => Promise<void>} useModel  tokenize with this model from now on: what is on the stage, or an example
 * @property {(model: string, files: File[]) => Promise<void>} openWith  tokenize with this model from now on: these files
 * @property {(prior: string, settings: Drawing) => void} complete  let a prior write the rest, or the selected part
 * @property {(how?: ScrollIntoViewOptions) => void} scrollIntoView
 */

/**
 * @param {import("./main.js").Bench} bench
 * @returns {Readonly<Face>}
 */
export function faceOf(bench) {
  return Object.freeze({
    get picture() {
      return bench.picture;
    },
    get code() {
      return bench.code;
    },
    get view() {
      return bench.look.view;
    },
    set view(name) {
      bench.look.view = name;
    },
    choose: (code) => bench.choose(code),
    point: (code) => bench.point(code),
    codebookOf: (model) => bench.codebooks.of(model),
    give: (document) => bench.workspace.give(document),
    useModel: (model) => bench.intake.open(model, () => bench.workspace.useModel(model)),
    async openWith(model, files) {
      await bench.intake.open(model, () => bench.workspace.adopt(model));
      await bench.intake.openFiles(files);
    },
    complete: (prior, settings) => bench.writer.complete(prior, settings),
    scrollIntoView: (how = {}) => bench.root.scrollIntoView({ block: "start", ...how }),
  });
}
