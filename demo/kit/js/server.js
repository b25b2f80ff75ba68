// The server's functions, asked until they answer: a full server says "busy", a lost one says nothing.

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2000;

// An error whose message is a sentence for the person.
export class PersonError extends Error {}

export class Server {
  /** @param {import("./types.js").Page["server"]} functions */
  constructor(functions) {
    this.functions = functions;
  }

  /**
   * patient: ask for ever, since giving up would lose an edit. Otherwise about ten unanswered questions are enough.
   * @template {keyof import("./answers.js").Answers} Name
   * @param {Name} name
   * @param {object} question
   * @returns {Promise<import("./answers.js").Answers[Name]>}
   */
  async ask(name, question, { patient = false, onWait = () => {} } = {}) {
    if (typeof this.functions[name] !== "function") throw new PersonError(`The server has no ${name} for this part of the page. Reload it.`);
    let pause = FIRST_PAUSE_MS;
    for (let unanswered = 0; ; pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS)) {
      const answer = await this.functions[name](question).catch(() => undefined);
      if (answer?.error) throw new PersonError(answer.error);
      if (answer && !answer.busy) return answer;
      if (!answer && ++unanswered > 8 && !patient)
        throw new PersonError("The server doesn't answer. Nothing is lost; try again in a moment.");
      if (pause > 400) onWait();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
