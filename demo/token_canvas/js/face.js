// The canvas as the benches have it: window.canvas, and nothing else of it. Beside it, two events on the document:
// canvas-code, another code is chosen; canvas-picture, another picture is shown, or this one has changed and settled.

export function faceOf(bench) {
  return Object.freeze({
    // The picture on the stage, to read; null before there is one.
    get picture() {
      return bench.picture;
    },
    get code() {
      return bench.code;
    },
    choose: (code) => bench.choose(code),
    // Show where a code stands in the picture; null: no more.
    point: (code) => bench.highlightCode(code),
    codebookOf: (model) => bench.codebooks.of(model),
    // A document joins the filmstrip and comes on the stage. Answers whether it did.
    give: (document) => bench.give(document),
    // Tokenize with this model from now on: what is on the stage, or an example.
    useModel: (model) => bench.intake.open(model, () => bench.useModel(model)),
    // Tokenize with this model from now on: these files.
    async openWith(model, files) {
      await bench.intake.open(model, () => bench.adopt(model));
      await bench.intake.openFiles(files);
    },
    // Let a prior write the rest of the picture, or its selected part, with settings as the server takes them.
    complete: (prior, settings) => bench.writer.complete(prior, settings),
    scrollIntoView: (how = {}) => bench.root.scrollIntoView({ block: "start", ...how }),
  });
}
