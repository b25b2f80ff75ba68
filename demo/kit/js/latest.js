// Asks one question at a time, and of those that wait only the newest: what a finger passed on its way is never asked.

import { PersonError } from "./server.js";

export class Latest {
  /**
   * @param {import("./server.js").Server} server
   * @param {keyof import("./answers.js").Answers} name
   * @param {{show: (found: any, asked: any) => void, fail: (problem: string) => void}} hands
   */
  constructor(server, name, { show, fail }) {
    this.server = server;
    this.name = name;
    this.show = show;
    this.fail = fail;
    this.waiting = null;
    this.busy = false;
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
