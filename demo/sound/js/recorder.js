// The microphone: one recording at a time, which ends by itself when it is as long as a clip may be.

import { PersonError } from "../../kit/js/server.js";

export class ClipRecorder {
  constructor(longest) {
    this.longest = longest;
  }

  get running() {
    return this.recorder?.state === "recording";
  }

  // → the recording as a Blob, once `stop` was called or the time is over.
  async record(onBegin) {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder)
      throw new PersonError("This browser gives the page no microphone: that needs https or localhost. Open a file instead.");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {
      throw new PersonError("The microphone can’t be used. Allow it for this page, or open a file instead.");
    });
    const parts = [];
    this.recorder = new MediaRecorder(stream);
    this.recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => (this.recorder.onstop = resolve));
    this.recorder.start();
    onBegin();
    const timer = setTimeout(() => this.stop(), this.longest * 1000);
    await ended;
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    return new Blob(parts, { type: this.recorder.mimeType });
  }

  stop() {
    if (this.running) this.recorder.stop();
  }
}
