// The bench: what is open, chosen and pointed at, the parts that show it, and how they are wired together.

import { Codebooks } from "../../kit/js/codebook.js";
import { Server } from "../../kit/js/server.js";
import { listenForActions } from "./actions.js";
import { Address } from "./address.js";
import { Keeper } from "./document/keeper.js";
import { Workspace } from "./document/workspace.js";
import { Clipboard } from "./editing/clipboard.js";
import { EditMenu } from "./editing/edit_menu.js";
import { Edits } from "./editing/edits.js";
import { Painter } from "./editing/painter.js";
import { Selection } from "./editing/selection.js";
import { Strokes } from "./editing/strokes.js";
import { faceOf } from "./face.js";
import { linkFigures } from "./figure_links.js";
import { Exports } from "./files/exports.js";
import { Intake } from "./files/intake.js";
import { listenForKeys } from "./keys.js";
import { linkModels } from "./model_links.js";
import { Back } from "./panels/back.js";
import { Decoders } from "./panels/decoders.js";
import { Filmstrip } from "./panels/filmstrip.js";
import { Hints } from "./panels/hints.js";
import { Inspector } from "./panels/inspector.js";
import { Messages } from "./panels/messages.js";
import { Models } from "./panels/models.js";
import { Present } from "./panels/present.js";
import { Usage } from "./panels/usage.js";
import { Where } from "./panels/where.js";
import { Cursor } from "./stage/cursor.js";
import { Levels } from "./stage/levels.js";
import { Look } from "./stage/look.js";
import { Probe } from "./stage/probe.js";
import { Readout } from "./stage/readout.js";
import { Stage } from "./stage/stage.js";
import { drawToolbar, listTools } from "./toolbar.js";
import { TOOLS } from "./tools/index.js";
import { Why } from "./why/why.js";
import { Surprise } from "./writing/surprise.js";
import { Writer } from "./writing/writer.js";

export class Bench {
  constructor(root, { server, props, watch }) {
    this.root = root;
    this.props = props;
    root.bench = this; // for a look from the console; the benches speak to window.canvas
    this.model = props.model; // that pictures are opened with
    /** @type {import("./document/picture.js").Picture[]} */
    this.pictures = [];
    /** @type {import("./document/picture.js").Picture | null} */
    this.picture = null; // on the stage
    /** @type {import("../../kit/js/layers.js").Layers | null} */
    this.layers = null; // of it
    this.code = 0; // chosen
    this.formerCode = 0;
    this.highlight = null; // the code whose places are shown
    this.panning = false;
    this.addParts(new Server(server));
    watch("value", () => this.workspace.take(props.value));
  }

  addParts(server) {
    const { props, root } = this;
    const part = (name) => root.querySelector(`[data-part=${name}]`);
    this.server = server;
    this.codebooks = new Codebooks(server);
    this.messages = new Messages(part("messages"));
    this.hints = new Hints(part("hints"));
    this.address = new Address(this);
    this.workspace = new Workspace(this);
    this.keeper = new Keeper(this);
    this.strokes = new Strokes(this);
    this.painter = new Painter(
      server,
      (picture, area) => this.strokes.painted(picture, area),
      (problem) => this.strokes.delayed(problem),
    );
    this.selection = new Selection(this);
    this.edits = new Edits(this);
    this.clipboard = new Clipboard(this);
    this.editMenu = new EditMenu(part("edit"), this);
    this.stage = new Stage(part("stage"), this);
    this.cursor = new Cursor(this);
    this.look = new Look(root, () => this.relook());
    this.levels = new Levels(this);
    this.probe = new Probe(part("probe"), this);
    this.readout = new Readout(part("readout"), this);
    this.inspector = new Inspector(part("inspector"), this);
    this.models = new Models(part("model"), this, props.models);
    this.decoders = new Decoders(part("decoders"), this, props.models);
    this.usage = new Usage(part("usage"), this);
    this.filmstrip = new Filmstrip(part("filmstrip"), this, props.examples);
    this.intake = new Intake(root, this);
    this.exports = new Exports(part("save"), this);
    this.surprise = new Surprise(this);
    this.writer = new Writer(part("write"), this, props.priors);
    this.back = new Back(part("back"), this);
    this.present = new Present(root.querySelector("[data-action=present]"), this);
    this.where = new Where(part("where"), this);
    this.why = new Why(this);
    this.keyList = part("keys");
    drawToolbar(part("tools"), this);
    listTools(this.keyList);
    listenForActions(this);
    listenForKeys(this, this.stage);
    linkFigures(this);
    linkModels(this);
  }

  use(name) {
    this.tool = TOOLS.find((tool) => tool.name === name);
    this.root.dataset.tool = name;
    this.stage.canvas.style.cursor = this.tool.cursor;
    for (const button of this.root.querySelectorAll("button[data-tool]"))
      button.setAttribute("aria-pressed", button.dataset.tool === name);
  }

  pick(token) {
    this.cursor.put(token);
    this.choose(this.picture.codeAt(token));
    this.why.picked();
    this.hints.done("pick");
  }

  choose(code) {
    if (!this.picture) return;
    if (code !== this.code) this.formerCode = this.code;
    this.code = code;
    this.inspector.refresh();
    this.usage.invalidate();
    this.stage.invalidate();
    this.tell("canvas-code");
  }

  // Show where a code stands in the picture; null: no more.
  point(code) {
    this.highlight = code;
    this.usage.invalidate();
    this.stage.invalidate();
  }

  // A gesture that changed tokens has ended.
  settle() {
    this.inspector.refresh();
    this.surprise.follow();
    this.levels.follow();
    this.why.refresh();
    this.refreshButtons();
    this.workspace.publish();
  }

  relook() {
    if (!this.layers) return;
    if (this.layers.colouring !== this.look.colouring) {
      this.layers.colouring = this.look.colouring;
      this.layers.refreshCodes();
    }
    this.surprise.follow();
    this.levels.follow();
    this.usage.invalidate();
    this.stage.resize();
  }

  refreshButtons() {
    const { canUndo, canRedo } = this.picture.history;
    this.root.querySelector("[data-action=undo]").disabled = !canUndo;
    this.root.querySelector("[data-action=redo]").disabled = !canRedo;
  }

  // What face.js says.
  tell(event) {
    this.root.dispatchEvent(new Event(event, { bubbles: true }));
  }
}

/** @param {import("../../kit/js/types.js").Page} page */
export function start(page) {
  const bench = new Bench(page.element.querySelector(".bench"), page);
  bench.use("pick");
  bench.look.recall();
  window.canvas = faceOf(bench);
  bench.workspace.begin().finally(() => document.getElementById("first-paint")?.remove());
}
