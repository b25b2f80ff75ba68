// The server's functions, asked until they answer: a full server says "busy", a lost one says nothing.

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 2000;

// An error whose message is a sentence for the person.
export class PersonError extends Error {}

export class Server {
  constructor(functions) {
    this.functions = functions;
  }

  // patient: ask for ever, since giving up would lose an edit. Otherwise about ten unanswered questions are enough.
  async ask(name, question, { patient = false, onWait = () => {} } = {}) {
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
