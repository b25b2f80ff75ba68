// Keeps the open pictures in the browser's own storage, so that a reload brings them back. None of it reaches the server.
// Each window has a place of its own; a new window begins with what the last one left.

import { keep, recall } from "../../../kit/js/storage.js";
import { lineage, toKeep } from "./history.js";

const DATABASE = "vq-explorer";
const KEEP_AFTER_MS = 250;
const MOST_KEPT = 4; // windows, the most recent ones
const PLACE = "vq-explorer-place";
const KEPT = "vq-explorer-kept"; // that something is: the first screen shows what the page opens with otherwise

export class Keeper {
  /** @param {import("../main.js").Bench} bench */
  constructor(bench) {
    this.bench = bench;
    this.ready = false; // until what was kept is back: half of it must not replace it
    this.kept = new Set(); // ids of the originals that are in the storage
    this.opened = openDatabase();
    this.opened.catch(() => {}); // storage may be forbidden, as in a private window: then nothing is kept
    window.addEventListener("pagehide", () => this.timer && this.keep());
  }

  keepSoon() {
    if (!this.ready) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), KEEP_AFTER_MS);
  }

  async keep() {
    clearTimeout(this.timer);
    this.timer = null;
    const { pictures, picture } = this.bench;
    try {
      const database = await this.opened;
      const stores = database.transaction(["workspaces", "originals"], "readwrite");
      const workspaces = stores.objectStore("workspaces");
      const originals = stores.objectStore("originals");
      for (const each of pictures.flatMap(lineage)) {
        if (!each.original || this.kept.has(each.id)) continue;
        originals.put(each.original, each.id);
        this.kept.add(each.id);
      }
      workspaces.put({
        place: placeOfWindow(),
        time: Date.now(),
        active: pictures.indexOf(picture),
        pictures: pictures.map((each) => toKeep(each)),
      });
      const all = (await result(workspaces.getAll())).sort((a, b) => b.time - a.time);
      for (const { place } of all.slice(MOST_KEPT)) workspaces.delete(place);
      const needed = new Set(all.slice(0, MOST_KEPT).flatMap((workspace) => workspace.pictures.flatMap(idsOf)));
      for (const id of await result(originals.getAllKeys()))
        if (!needed.has(id)) {
          originals.delete(id);
          this.kept.delete(id);
        }
      keep(KEPT, "yes");
    } catch (problem) {
      console.warn("The pictures could not be kept for a reload.", problem);
    }
  }

  // {active, pictures: [what toKeep gives, with its original]} of this window or of the last one; null if there is none.
  async find() {
    try {
      const database = await this.opened;
      const stores = database.transaction(["workspaces", "originals"]);
      const all = await result(stores.objectStore("workspaces").getAll());
      const own = all.find(({ place }) => place === placeOfWindow()) ?? all.sort((a, b) => b.time - a.time)[0];
      for (const picture of own?.pictures.flatMap(lineage) ?? []) {
        picture.original = (await result(stores.objectStore("originals").get(picture.id))) ?? null;
        if (picture.original) this.kept.add(picture.id);
      }
      return own ?? null;
    } catch {
      return null;
    }
  }
}

const idsOf = (picture) => lineage(picture).map(({ id }) => id);

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("workspaces", { keyPath: "place" });
      request.result.createObjectStore("originals");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function placeOfWindow() {
  let place = recall(PLACE, "sessionStorage");
  if (!place) keep(PLACE, (place = crypto.getRandomValues(new Uint32Array(2)).join("-")), "sessionStorage");
  return place;
}
