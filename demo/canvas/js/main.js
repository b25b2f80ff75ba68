// The bench: the open pictures, the chosen code and tool, and what happens when a part of the page asks for something.

import { Codebooks } from "../../kit/js/codebook.js";
import { pngOf } from "../../kit/js/images.js";
import { Layers } from "../../kit/js/layers.js";
import { Server } from "../../kit/js/server.js";
import { Edits } from "./editing/edits.js";
import { Exports } from "./files/exports.js";
import { faceOf } from "./face.js";
import { measureFidelity } from "./document/fidelity.js";
import { linkFigures } from "./figure_links.js";
import { Filmstrip, MOST_PICTURES } from "./panels/filmstrip.js";
import { Hints } from "./panels/hints.js";
import { Inspector } from "./panels/inspector.js";
import { Intake, PHOTOGRAPH_TYPE } from "./files/intake.js";
import { Keeper } from "./document/keeper.js";
import { listenForKeys } from "./keys.js";
import { Levels } from "./stage/levels.js";
import { Look } from "./stage/look.js";
import { Messages } from "./panels/messages.js";
import { Painter } from "./editing/painter.js";
import { Picture } from "./document/picture.js";
import { Probe } from "./stage/probe.js";
import { Readout } from "./stage/readout.js";
import { Stage } from "./stage/stage.js";
import { Strokes } from "./editing/strokes.js";
import { Surprise } from "./writing/surprise.js";
import { drawToolbar, listTools } from "./toolbar.js";
import { TOOLS } from "./tools/index.js";
import { Writer } from "./writing/writer.js";

export class Bench {
  constructor(root, { server, props, watch }) {
    this.root = root;
    this.props = props;
    root.bench = this; // for a look from the console; the benches speak to window.canvas
    this.model = props.model;
    this.pictures = [];
    this.picture = null;
    this.code = 0;
    this.formerCode = 0;
    this.cursor = null;
    this.highlight = null;
    this.panning = false;
    this.strokes = new Strokes(this);
    this.edition = 0;
    const part = (name) => root.querySelector(`[data-part=${name}]`);
    this.server = new Server(server);
    this.codebooks = new Codebooks(this.server);
    this.messages = new Messages(part("messages"));
    this.hints = new Hints(part("hints"));
    this.painter = new Painter(
      this.server,
      (picture, area) => this.strokes.painted(picture, area),
      (problem) => this.strokes.delayed(problem),
    );
    this.stage = new Stage(part("stage"), this);
    this.look = new Look(root, () => this.relook());
    this.inspector = new Inspector(part("inspector"), this);
    this.filmstrip = new Filmstrip(part("filmstrip"), this, props.examples);
    this.intake = new Intake(root, this);
    this.edits = new Edits(part("edit"), this);
    this.surprise = new Surprise(this);
    this.levels = new Levels(this);
    this.writer = new Writer(part("write"), this, props.priors);
    this.keeper = new Keeper(this);
    this.exports = new Exports(part("save"), this);
    this.probe = new Probe(part("probe"), this);
    this.readout = new Readout(part("readout"), this);
    this.keyList = part("keys");
    drawToolbar(part("tools"), this);
    listTools(this.keyList);
    listenForKeys(this, this.stage);
    linkFigures(this);
    watch("value", () => this.take(props.value));
    this.listen();
  }

  listen() {
    const actions = {
      open: () => this.intake.choose(),
      keys: () => this.keyList.showModal(),
      camera: () => this.intake.openCamera(),
      undo: () => this.strokes.undo(),
      redo: () => this.strokes.redo(),
      closer: () => this.stage.zoomBy(1.4),
      farther: () => this.stage.zoomBy(1 / 1.4),
      fit: () => (this.stage.view.fit(), this.stage.invalidate()),
      "paint-with": () => this.use("paint"),
    };
    for (const button of this.root.querySelectorAll("[data-action]"))
      button.addEventListener("click", () => actions[button.dataset.action]());
    for (const menu of this.root.querySelectorAll(".menu"))
      document.addEventListener("pointerdown", (event) => menu.contains(event.target) || (menu.open = false));
  }

  // Pictures

  // What the page begins with: what it held before, what its address holds, or an example.
  async begin() {
    const asked = new URLSearchParams(location.search).get("model");
    if (asked) await this.intake.open(`?model=${asked}`, () => this.adopt(asked));
    await this.intake.restore(await this.keeper.find());
    await this.intake.openLink();
    this.keeper.ready = true;
    this.keeper.keepSoon();
    if (this.pictures.some(({ codebook }) => codebook.model === this.model)) return;
    await this.intake.openExample(this.props.examples.find(({ name }) => name === "chelsea")?.name ?? this.props.examples[0].name);
  }

  // From here on, pictures are opened with this model.
  async adopt(model) {
    await this.codebooks.of(model);
    this.model = model;
  }

  async add(answer) {
    const picture = await Picture.fromAnswer(answer, await this.codebooks.of(answer.document.model));
    if (this.pictures.some(({ id }) => id === picture.id)) picture.id = `${picture.id}-${this.pictures.length}`;
    const twin = this.pictures.find(({ original, source }) => original && source.original?.id === picture.source.original?.id);
    picture.original ??= twin?.width === picture.width && twin?.height === picture.height ? twin.original : null;
    const first = !this.pictures.length;
    this.pictures.push(picture);
    this.show(picture);
    this.explain(picture.codebook);
    if (first) this.choose(picture.tokens[Math.floor(picture.tokens.length / 2)]);
    else this.hints.done("open");
  }

  // Tokens of other people's models reach everywhere, which strokes make felt. Said once a model.
  explain(codebook) {
    if (codebook.halo !== Infinity || codebook.explained) return;
    codebook.explained = true;
    this.messages.note(
      `${codebook.model} has attention and GroupNorm, by which every token reaches every pixel: each edit decodes the whole picture and takes a moment.`,
    );
  }

  // A model was opened in a tab: what is on the stage is tokenized with it too, or an example.
  async useModel(model) {
    await this.adopt(model);
    const { original, name } = this.picture ?? {};
    if (!original) return this.intake.openExample(this.props.examples[0].name);
    await this.intake.openFiles([new File([await pngOf(original)], `${name}.png`, { type: PHOTOGRAPH_TYPE })]);
  }

  isFull() {
    if (this.pictures.length < MOST_PICTURES) return false;
    this.messages.problem(`The filmstrip holds ${MOST_PICTURES} pictures. Remove one to make room.`);
    return true;
  }

  // A document from one of the tabs joins the filmstrip and comes on the stage. Answers whether it did.
  async give(document) {
    if (this.isFull()) return false;
    const before = this.pictures.length;
    await this.intake.open(document.name, () => this.server.ask("open_document", document));
    return this.pictures.length > before;
  }

  // A workspace set in Python: its documents without an id are new, the others are open already and stay as they are.
  async take(workspace) {
    const asked = workspace?.documents[workspace.active];
    for (const document of workspace?.documents ?? []) if (!document.id) await this.give(document);
    const open = asked?.id && this.pictures.find(({ id }) => id === asked.id);
    if (open && open !== this.picture) this.show(open);
  }

  show(picture) {
    this.picture = picture;
    this.cursor = null;
    this.edits.select(null);
    this.code = Math.min(this.code, picture.codebook.size - 1);
    this.layers = new Layers(picture, this.look.colouring);
    this.stage.show(this.layers);
    this.look.fitTo(picture);
    this.writer.show();
    this.levels.show();
    this.filmstrip.refresh();
    this.inspector.refresh();
    this.refreshButtons();
    this.readout.show(null);
    this.publish();
  }

  remove(picture) {
    const place = this.pictures.indexOf(picture);
    this.pictures.splice(place, 1);
    const bringBack = () => {
      this.pictures.splice(place, 0, picture);
      this.show(picture);
    };
    this.messages.note(`Removed ${picture.name}.`, { label: "Bring it back", run: bringBack });
    this.show(picture === this.picture ? this.pictures[Math.max(0, place - 1)] : this.picture);
  }

  // Codes and tokens

  pick(token) {
    this.setCursor(token);
    this.choose(this.picture.tokens[token.row * this.picture.columns + token.column]);
    this.hints.done("pick");
  }

  choose(code) {
    if (!this.picture) return;
    if (code !== this.code) this.formerCode = this.code;
    this.code = code;
    this.inspector.refresh();
    this.stage.invalidate();
    this.tell("canvas-code");
  }

  // Show and edit this level of tokens; the code chosen is the one where the cursor was.
  useLevel(level) {
    const { picture, cursor } = this;
    if (this.strokes.gesture || level === picture.level) return;
    const before = picture.grid;
    const middle = cursor ?? { row: before.rows >> 1, column: before.columns >> 1 };
    picture.level = level;
    const scale = before.codebook.downsampling / picture.codebook.downsampling;
    const [row, column] = [middle.row, middle.column].map((at) => Math.floor(at * scale));
    this.edits.select(null);
    this.stage.hover = this.highlight = null;
    this.layers.refreshCodes();
    this.setCursor(cursor && { row, column });
    this.code = this.formerCode = picture.tokens[row * picture.columns + column];
    this.levels.show();
    this.inspector.refresh();
    this.tell("canvas-code");
    this.publish();
  }

  highlightCode(code) {
    this.highlight = code;
    this.stage.invalidate();
  }

  setCursor(token) {
    this.cursor = token;
    this.readout.show(token);
    this.stage.invalidate();
  }

  moveCursor(down, right) {
    const { rows, columns } = this.picture;
    const from = this.cursor ?? { row: rows >> 1, column: columns >> 1 };
    this.setCursor({
      row: Math.min(rows - 1, Math.max(0, from.row + down)),
      column: Math.min(columns - 1, Math.max(0, from.column + right)),
    });
    if (this.tool.name === "pick") this.choose(this.picture.tokens[this.cursor.row * columns + this.cursor.column]);
  }

  // From the cursor, which stays at the corner where the selection began.
  growSelection(down, right) {
    const { picture, edits } = this;
    const from = this.cursor ?? { row: picture.rows >> 1, column: picture.columns >> 1 };
    if (!this.cursor) this.setCursor(from);
    const [top, bottom, left, end] = edits.holds(from) ? edits.selection : [from.row, from.row + 1, from.column, from.column + 1];
    const far = { row: top < from.row ? top : bottom - 1, column: left < from.column ? left : end - 1 };
    this.use("select");
    edits.selectBetween(from, {
      row: Math.min(picture.rows - 1, Math.max(0, far.row + down)),
      column: Math.min(picture.columns - 1, Math.max(0, far.column + right)),
    });
  }

  paintCursor() {
    if (!this.cursor) return;
    this.strokes.begin();
    this.strokes.paint([this.cursor]);
    this.strokes.end();
  }

  settle() {
    this.inspector.refresh();
    this.surprise.follow();
    this.levels.follow();
    this.refreshButtons();
    this.publish();
  }

  // Tell the tabs, once the pixels have settled and have been measured.
  async publish() {
    const edition = ++this.edition;
    this.keeper.keepSoon();
    const isStale = () => edition !== this.edition;
    await this.painter.settled();
    for (const picture of this.pictures) {
      if (isStale()) return;
      if (picture.original && !picture.fidelity)
        picture.fidelity = (await measureFidelity(picture.original, picture.rebuilt, isStale)) ?? null;
    }
    if (isStale()) return;
    this.props.value = {
      documents: this.pictures.map((picture) => picture.toDocument()),
      active: this.pictures.indexOf(this.picture),
      level: this.picture.level,
      fidelity: this.pictures.map(({ fidelity }) => fidelity),
    };
    this.tell("canvas-picture");
  }

  // What face.js says.
  tell(event) {
    this.root.dispatchEvent(new Event(event, { bubbles: true }));
  }

  // The page

  use(name) {
    this.tool = TOOLS.find((tool) => tool.name === name);
    this.root.dataset.tool = name;
    this.stage.canvas.style.cursor = this.tool.cursor;
    for (const button of this.root.querySelectorAll("button[data-tool]"))
      button.setAttribute("aria-pressed", button.dataset.tool === name);
  }

  relook() {
    if (!this.layers) return;
    if (this.layers.colouring !== this.look.colouring) {
      this.layers.colouring = this.look.colouring;
      this.layers.refreshCodes();
    }
    this.surprise.follow();
    this.levels.follow();
    this.stage.invalidate();
  }

  refreshButtons() {
    const { past, future } = this.picture.history;
    this.root.querySelector("[data-action=undo]").disabled = !past.length;
    this.root.querySelector("[data-action=redo]").disabled = !future.length;
  }

}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  const bench = new Bench(page.element.querySelector(".bench"), page);
  bench.use("pick");
  bench.look.change({});
  window.canvas = faceOf(bench);
  bench.begin();
}
