/** Does things that share a key one after the other, in the order in which they were asked for. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether something is being done, or waits to be done. */
  has(key: string): boolean {
    return this.#last.has(key);
  }

  /** Does something when its turn comes; what went wrong before does not matter to it. */
  take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(act, act);
    this.#last.set(key, turn);
    const leave = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }
}
