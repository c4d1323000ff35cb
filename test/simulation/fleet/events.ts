// Simulated time: what is still to happen, the earliest first.

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Events {
  /** Real time, in ms. Every clock is derived from it. */
  now = 0;
  /** How many have happened. */
  count = 0;
  #order = 0;
  /** A binary heap. */
  readonly #due: Due[] = [];

  get isEmpty(): boolean {
    return this.#due.length === 0;
  }

  /** What is due at the same time happens in the order in which it was added. */
  add(at: number, run: () => void): void {
    const due = this.#due;
    const added = { at: Math.max(at, this.now), order: this.#order++, run };
    let place = due.length;
    due.push(added);
    for (; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (!isBefore(added, due[parent]!)) break;
      due[place] = due[parent]!;
      place = parent;
    }
    due[place] = added;
  }

  after(ms: number, run: () => void): void {
    this.add(this.now + ms, run);
  }

  /** @returns whether something happened before `end` */
  next(end: number): boolean {
    const first = this.#due[0];
    if (!first || first.at > end) return false;
    this.#remove();
    this.now = first.at;
    this.count++;
    first.run();
    return true;
  }

  #remove(): void {
    const due = this.#due;
    const last = due.pop()!;
    const { length } = due;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(due[child + 1]!, due[child]!)) child++;
      if (!isBefore(due[child]!, last)) break;
      due[place] = due[child]!;
      place = child;
    }
    due[place] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
