// Plays samples, and says where it is.

export class Player {
  constructor(rate, onPlace) {
    this.rate = rate;
    /** @type {AudioContext | null} */
    this.context = null; // browsers allow one once the person has clicked
    this.onPlace = onPlace; // samples from the clip's start, or null when it is quiet
  }

  play(samples, from = 0, to = samples.length) {
    this.stop();
    if (to <= from) return;
    this.context ??= new AudioContext();
    this.context.resume();
    const buffer = this.context.createBuffer(1, to - from, this.rate);
    buffer.copyToChannel(samples.slice(from, to), 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.onended = () => source === this.source && this.stop();
    const begun = this.context.currentTime;
    source.start();
    this.source = source;
    const follow = () => {
      if (source !== this.source) return;
      this.onPlace(Math.min(to, from + (this.context.currentTime - begun) * this.rate));
      requestAnimationFrame(follow);
    };
    follow();
  }

  stop() {
    const { source } = this;
    this.source = null;
    source?.stop();
    this.onPlace(null);
  }
}
