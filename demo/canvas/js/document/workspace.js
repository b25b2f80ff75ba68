// The open pictures: how they come and go, which of them is on the stage, and what the tabs are told of them.

import { asked } from "../../../kit/js/address.js";
import { workspaceOf } from "../../../kit/js/document.js";
import { fileToBase64 } from "../../../kit/js/files.js";
import { pixelsOfUrl, pngOf } from "../../../kit/js/images.js";
import { Layers } from "../../../kit/js/layers.js";
import { measureFidelity } from "./fidelity.js";
import { MOST_PICTURES, Picture } from "./picture.js";

export class Workspace {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.edition = 0; // counts the changes: what was worked out for an earlier one is stale
  }

  // What the page begins with: what it held before, what its address holds, or an example.
  async begin() {
    const { bench, bench: { address, intake, keeper } } = this;
    bench.codebooks.of(bench.model); // asked for beside the picture
    const model = asked("model");
    if (model) await intake.open(`?model=${model}`, () => this.adopt(model));
    await intake.restore(await keeper.find());
    await intake.openLink();
    keeper.ready = true;
    keeper.keepSoon();
    await this.openAsked(asked("example"));
    address.begin();
  }

  // The example of this name, unless it is here; where none is asked for, any, unless a picture of the model is here.
  async openAsked(example) {
    const { bench, bench: { address, intake, pictures, picture, props } } = this;
    const mine = [picture, ...pictures].filter((each) => each?.codebook.model === bench.model);
    const open = mine.find((each) => !example || address.exampleOf(each) === example);
    if (!open && example) await intake.openExample(example);
    else if (example && open !== picture) this.show(open);
    if (pictures.some(({ codebook }) => codebook.model === bench.model)) return;
    await intake.openExample(props.first);
  }

  // From here on, pictures are opened with this model.
  async adopt(model) {
    await this.bench.codebooks.of(model);
    this.bench.model = model;
  }

  // Tokenize what is on the stage with another model, in its place in the filmstrip; an example where nothing is.
  async useModel(model) {
    await this.adopt(model);
    const { codebooks, intake, messages, picture, props, server } = this.bench;
    if (!picture) return intake.openExample(props.first);
    const data = await fileToBase64(await pngOf(picture.whole));
    const answer = await server.ask("open_picture", { data, name: picture.name, model });
    const { original } = picture.source;
    if (original) Object.assign(answer.document.original, { id: original.id, bytes: original.bytes }); // the file's, not the PNG's
    const anew = await Picture.fromAnswer(answer, await codebooks.of(model));
    if (picture.whole.width > anew.width) anew.whole = picture.whole;
    this.replace(picture, anew);
    this.explain(anew.codebook);
    if (answer.note) messages.note(answer.note);
    if (picture.history.past.length || !picture.original)
      messages.note(`${picture.name} is tokenized anew with ${model}.`, { label: "Back to its tokens", run: () => this.replace(anew, picture) });
  }

  // The same tokens through another of their decoders: what was edited stays, and can be taken back.
  async decodeWith(model) {
    const { bench, bench: { codebooks, picture, server, strokes } } = this;
    const codebook = await codebooks.of(model);
    let other = picture.twin;
    while (other?.codebook !== codebook || !other.hasTokensOf(picture)) {
      const answer = await server.ask("open_document", { ...picture.toDocument(), model });
      other = picture.through(answer.document, codebook, await pixelsOfUrl(answer.rebuilt));
    }
    if (bench.picture !== picture || strokes.gesture) return;
    other.follow(picture);
    other.level = picture.level;
    this.replace(picture, other);
  }

  replace(picture, other) {
    const place = this.bench.pictures.indexOf(picture);
    if (place < 0) return;
    this.bench.pictures[place] = other;
    this.bench.model = other.codebook.model;
    this.show(other);
  }

  // The picture with more tokens takes its place, and undo leads back.
  grow(picture, grown) {
    picture.history.future = [];
    picture.history.larger = grown;
    grown.history.smaller = picture;
    this.replace(picture, grown);
  }

  // To the picture before it grew ("smaller"), or after ("larger"), which is opened first where it was only kept.
  async leap(picture, side) {
    const { bench, bench: { codebooks, intake, server } } = this;
    const kept = picture.history[side];
    if (kept instanceof Picture) return this.replace(picture, kept);
    await intake.open(kept.document.name, async () => {
      const answer = await server.ask("open_document", kept.document);
      const other = await Picture.fromAnswer({ ...answer, kept }, await codebooks.of(kept.document.model));
      other.history[side === "smaller" ? "larger" : "smaller"] = picture;
      picture.history[side] = other;
      if (bench.picture === picture) this.replace(picture, other);
    });
  }

  async add(answer) {
    const { bench, bench: { pictures } } = this;
    const picture = await Picture.fromAnswer(answer, await bench.codebooks.of(answer.document.model));
    if (pictures.some(({ id }) => id === picture.id)) picture.id = `${picture.id}-${pictures.length}`;
    const twin = pictures.find(({ original, source }) => original && source.original?.id === picture.source.original?.id);
    picture.original ??= twin?.width === picture.width && twin?.height === picture.height ? twin.original : null;
    const first = !pictures.length;
    pictures.push(picture);
    this.show(picture);
    this.explain(picture.codebook);
    if (first) bench.choose(picture.tokens[Math.floor(picture.tokens.length / 2)]);
    else bench.hints.done("open");
  }

  // Tokens of other people's models reach everywhere, which strokes make felt. Said once a model.
  explain(codebook) {
    if (codebook.halo !== Infinity || codebook.explained) return;
    codebook.explained = true;
    this.bench.messages.note(
      `${codebook.model} has attention and GroupNorm, by which every token reaches every pixel: each edit decodes the whole picture and takes a moment.`,
    );
  }

  // Whether no picture has room; then `again` is what making room for it allows.
  isFull(again) {
    if (this.bench.pictures.length < MOST_PICTURES) return false;
    this.offerRoom(`The filmstrip holds ${MOST_PICTURES} pictures.`, again);
    return true;
  }

  // Say that it is full, and offer to drop the oldest picture that nobody has edited.
  offerRoom(problem, again) {
    const { messages, picture, pictures } = this.bench;
    const oldest = pictures.find((each) => each !== picture && !each.history.canUndo && !each.history.canRedo);
    if (!oldest) return messages.problem(`${problem} Remove one to make room.`);
    const run = async () => {
      if (pictures.includes(oldest)) this.remove(oldest);
      await again();
    };
    messages.problem(`${problem} “${oldest.name}” is the oldest that was not edited.`, { label: "Drop it", run });
  }

  // A document from one of the tabs joins the filmstrip and comes on the stage. Answers whether it did.
  async give(document) {
    if (this.isFull(() => this.give(document))) return false;
    const { intake, pictures, server } = this.bench;
    const before = pictures.length;
    await intake.open(document.name, () => server.ask("open_document", document));
    return pictures.length > before;
  }

  // A workspace set in Python: its documents without an id are new, the others are open already and stay as they are.
  async take(workspace) {
    const asked = workspace?.documents[workspace.active];
    for (const document of workspace?.documents ?? []) if (!document.id) await this.give(document);
    const open = asked?.id && this.bench.pictures.find(({ id }) => id === asked.id);
    if (open && open !== this.bench.picture) this.show(open);
  }

  show(picture) {
    const { bench } = this;
    if (picture !== bench.picture) bench.messages.turn();
    bench.picture = picture;
    bench.cursor.token = null;
    bench.selection.put(null);
    bench.code = Math.min(bench.code, picture.codebook.size - 1);
    bench.layers = new Layers(picture, bench.look.colouring);
    bench.stage.show(bench.layers);
    bench.look.fitTo(picture);
    bench.writer.show();
    bench.levels.show();
    bench.filmstrip.refresh();
    bench.inspector.refresh();
    bench.usage.invalidate();
    bench.models.show();
    bench.decoders.show();
    bench.refreshButtons();
    bench.readout.show(null);
    bench.address.tellPicture();
    this.publish();
  }

  remove(picture) {
    const { bench, bench: { pictures } } = this;
    const place = pictures.indexOf(picture);
    pictures.splice(place, 1);
    const bringBack = () => {
      pictures.splice(place, 0, picture);
      this.show(picture);
    };
    this.show(picture === bench.picture ? pictures[Math.max(0, place - 1)] : bench.picture);
    bench.messages.note(`Removed ${picture.name}.`, { label: "Bring it back", run: bringBack });
  }

  // Tell the tabs, once the pixels have settled and have been measured.
  async publish() {
    const { bench, bench: { pictures } } = this;
    const edition = ++this.edition;
    bench.keeper.keepSoon();
    const isStale = () => edition !== this.edition;
    await bench.painter.settled();
    for (const picture of pictures) {
      if (isStale()) return;
      if (picture.original && !picture.fidelity)
        picture.fidelity = (await measureFidelity(picture.original, picture.rebuilt, isStale)) ?? null;
    }
    if (isStale()) return;
    bench.props.value = workspaceOf(pictures, bench.picture);
    bench.tell("canvas-picture");
  }
}
