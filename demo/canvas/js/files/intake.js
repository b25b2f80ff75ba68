// Ways in: files chosen, dropped or pasted, the camera, the examples.

import { asked } from "../../../kit/js/address.js";
import { fileToBase64 } from "../../../kit/js/files.js";
import { newCanvas } from "../../../kit/js/images.js";
import { PersonError } from "../../../kit/js/server.js";
import { MOST_PICTURES } from "../document/picture.js";
import { asPng } from "./drawn.js";
import { isLink, takeFromAddress } from "./links.js";

const MOST_BYTES = 32 * 2 ** 20;
const PHOTOGRAPH_TYPE = "image/png";

const withoutEnding = (name) => name.replace(/[.][^.]+$/, "");

export class Intake {
  /** @param {import("../main.js").Bench} bench */
  constructor(element, bench) {
    this.element = element;
    this.bench = bench;
    this.progress = element.querySelector("[data-progress]");
    this.chooser = element.querySelector("[data-chooser]");
    this.camera = element.querySelector("[data-camera]");
    this.waiting = 0;
    this.chooser.addEventListener("change", () => {
      this.openFiles([...this.chooser.files]);
      this.chooser.value = "";
    });
    this.listenForDrops();
    document.addEventListener("paste", (event) => this.paste(event));
    this.camera.querySelector("[data-shoot]").addEventListener("click", () => this.shoot());
    this.camera.addEventListener("close", () => this.stopCamera());
  }

  choose() {
    this.chooser.click();
  }

  async openFiles(files) {
    const room = MOST_PICTURES - this.bench.pictures.length;
    if (files.length > room) {
      const left = files.slice(room);
      const problem = `The filmstrip holds ${MOST_PICTURES} pictures: ${left.length} of ${files.length} left out.`;
      this.bench.workspace.offerRoom(problem, () => this.openFiles(left));
    }
    for (const file of files.slice(0, room)) await this.open(file.name, () => this.read(file));
  }

  openExample(name) {
    if (this.bench.workspace.isFull(() => this.openExample(name))) return;
    return this.open(name, () => this.bench.server.ask("open_example", { name, model: this.bench.model }));
  }

  async read(file) {
    if (file.size === 0) throw new PersonError(`“${file.name}” is empty. Choose another file.`);
    if (file.size > MOST_BYTES)
      throw new PersonError(
        `“${file.name}” is ${(file.size / 2 ** 20).toFixed(0)} MB; the most is ${MOST_BYTES / 2 ** 20} MB. Save it smaller.`,
      );
    const ending = file.name.split(".").at(-1).toLowerCase();
    if (file.type === "application/json" || ending === "json") return this.readDocument(file);
    const name = withoutEnding(file.name) || "picture";
    const drawn = ending !== "vqt" && (await asPng(file));
    const data = await fileToBase64(drawn || file);
    if (ending === "vqt") return this.bench.server.ask("open_token_file", { data, name });
    return this.bench.server.ask("open_picture", { data, name, model: this.bench.model });
  }

  async readDocument(file) {
    let document;
    try {
      document = JSON.parse(await file.text());
    } catch {
      throw new PersonError(`“${file.name}” is cut short or isn't a token document. Save it again and open that.`);
    }
    return this.bench.server.ask("open_document", document);
  }

  // What the browser kept; the pictures that don't open any more are named and left out.
  async restore(kept) {
    for (const picture of kept?.pictures ?? [])
      await this.open(picture.document.name, async () => {
        const answer = await this.bench.server.ask("open_document", picture.document);
        return { ...answer, kept: picture };
      });
    const active = this.bench.pictures.find(({ id }) => id === kept.pictures[kept.active]?.document.id);
    if (active) this.bench.workspace.show(active);
  }

  openLink() {
    if (!isLink()) return;
    const { bench, bench: { model, server, strokes, workspace } } = this;
    return this.open("The link", async () => {
      const { document, changes } = takeFromAddress();
      if (document) return server.ask("open_document", document);
      await workspace.add(await server.ask("open_example", { name: asked("example"), model }));
      if (changes.some(([place, code]) => !(code < bench.picture.gridAt(place)?.codebook.size)))
        throw new PersonError("What it changes isn’t in this picture. Ask for it again.");
      strokes.apply(changes);
    });
  }

  // Open one picture; what goes wrong is said and leaves everything else as it was.
  async open(name, read) {
    try {
      await this.during(async () => {
        const answer = await read();
        if (answer) await this.bench.workspace.add(answer);
        if (answer?.note) this.bench.messages.note(answer.note);
      });
    } catch (problem) {
      if (!(problem instanceof PersonError)) console.warn(problem);
      const reason = problem instanceof PersonError ? problem.message : "It could not be shown. Try another file.";
      this.bench.messages.problem(reason.includes(withoutEnding(name)) ? reason : `${name}: ${reason}`);
    }
  }

  // Work that the person sees going on.
  async during(work) {
    this.progress.hidden = false;
    this.waiting++;
    try {
      return await work();
    } finally {
      this.progress.hidden = --this.waiting === 0;
    }
  }

  listenForDrops() {
    const { element } = this;
    let depth = 0;
    const isFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (change) => element.classList.toggle("receiving", (depth = change) > 0);
    document.addEventListener("dragenter", (event) => isFiles(event) && mark(depth + 1));
    document.addEventListener("dragleave", (event) => isFiles(event) && mark(Math.max(0, depth - 1)));
    document.addEventListener("dragover", (event) => isFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      mark(0);
      this.openFiles([...event.dataTransfer.files]);
    });
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.openFiles(files);
  }

  async openCamera() {
    const video = this.camera.querySelector("video");
    try {
      if (!navigator.mediaDevices) throw new PersonError("The camera needs a page served over https.");
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (problem) {
      const reasons = { NotAllowedError: "The browser may not use the camera. Allow it in the address bar and try again." };
      const reason = problem instanceof PersonError ? problem.message : reasons[problem.name];
      return this.bench.messages.problem(reason ?? "No camera was found. Drop or paste a picture instead.");
    }
    video.srcObject = this.stream;
    this.camera.showModal();
  }

  stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  shoot() {
    const video = this.camera.querySelector("video");
    const frame = newCanvas(video.videoWidth, video.videoHeight);
    frame.getContext("2d").drawImage(video, 0, 0);
    this.camera.close();
    frame.toBlob((blob) => this.openFiles([new File([blob], "camera.png", { type: PHOTOGRAPH_TYPE })]), PHOTOGRAPH_TYPE);
  }
}
