// A visitor's pictures on their way to the server: chosen, dropped, and sent a few at a time.

import { PersonError } from "../../kit/js/server.js";

const SENT_AT_ONCE = 4;
const MOST_FILES = 5000; // more than that are quicker in a zip

export class Uploads {
  // endings: what the names of the files end in that the server takes
  constructor(root, upload, endings) {
    this.upload = upload;
    this.isWanted = (name) => endings.some((ending) => name.toLowerCase().endsWith(ending));
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.box = part("own");
    this.chosen = part("chosen");
    this.files = []; // {name, file}
    for (const kind of ["files", "folder"]) {
      const chooser = part(kind);
      root.querySelector(`[data-choose=${kind}]`).addEventListener("click", () => chooser.click());
      chooser.addEventListener("change", () => {
        this.take([...chooser.files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
        chooser.value = "";
      });
    }
    this.box.addEventListener("dragover", (event) => event.preventDefault());
    this.box.addEventListener("drop", async (event) => {
      event.preventDefault();
      event.stopPropagation(); // the canvas doesn't open them…
      document.dispatchEvent(new DragEvent("dragleave", { dataTransfer: event.dataTransfer })); // … and needn't wait for them
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      this.take((await Promise.all(entries.map(filesBelow))).flat());
    });
  }

  take(files) {
    this.files = files.filter(({ name }) => this.isWanted(name));
    const others = files.length - this.files.length;
    const megabytes = this.files.reduce((sum, { file }) => sum + file.size, 0) / 2 ** 20;
    const what = this.files.length === 1 ? this.files[0].name : `${this.files.length.toLocaleString("en")} files`;
    this.chosen.textContent = this.files.length
      ? `${what}, ${megabytes.toFixed(1)} MB${others ? `; ${others} that are no pictures stay here` : ""}`
      : "There are no pictures in this.";
  }

  // The files as the server finds them: [{name, path}]
  async send(onProgress) {
    if (!this.files.length) throw new PersonError("Choose a zip, a folder or some pictures first.");
    if (this.files.length > MOST_FILES)
      throw new PersonError(`These are ${this.files.length.toLocaleString("en")} files. Pack them into one zip: that is quicker.`);
    const sent = [];
    const waiting = this.files.entries();
    const sender = async () => {
      for (const [index, { name, file }] of waiting) {
        const answer = await this.upload(file).catch(() => null);
        if (!answer?.path) throw new PersonError(`“${name}” could not be sent. Try again.`);
        sent[index] = { name, path: answer.path };
        onProgress(sent.filter(Boolean).length / this.files.length);
      }
    };
    await Promise.all(Array.from({ length: SENT_AT_ONCE }, sender));
    return sent;
  }
}

async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ name: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const each of some) found.push(...(await filesBelow(each)));
  }
}
