// Asks one question at a time, and of those that wait only the newest: what a finger passed on its way is never asked.

import { PersonError } from "../../kit/js/server.js";

export class Latest {
  constructor(server, name, { show, fail }) {
    Object.assign(this, { server, name, show, fail, waiting: null, busy: false });
  }

  async want(question) {
    this.waiting = question;
    if (this.busy) return;
    this.busy = true;
    while (this.waiting) {
      const asked = this.waiting;
      this.waiting = null;
      try {
        this.show(await this.server.ask(this.name, asked), asked);
      } catch (problem) {
        if (!(problem instanceof PersonError)) throw problem;
        this.fail(problem.message);
      }
    }
    this.busy = false;
  }
}
