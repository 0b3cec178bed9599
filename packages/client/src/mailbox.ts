/** A queue of values for one reader, who reads it with `for await`. Leaving the loop closes it. */
export class Mailbox<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #onClose: () => void;
  #waiting: T[] = [];
  readonly #readers: PromiseWithResolvers<IteratorResult<T>>[] = [];
  #end: { readonly error: unknown } | null = null;

  /**
   * @param capacity maximum number of waiting values; beyond it the oldest is dropped
   * @param onClose called once when the mailbox closes, for whatever reason
   */
  constructor(capacity: number, onClose: () => void) {
    this.#capacity = capacity;
    this.#onClose = onClose;
  }

  put(value: T): void {
    if (this.#end !== null) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value, done: false });
      return;
    }
    this.#waiting.push(value);
    if (this.#waiting.length > this.#capacity) this.#waiting.shift();
  }

  /** Ends the queue and drops waiting values; every pending `next()` resolves as done. May be called again. */
  close(): void {
    this.#finish(undefined);
    this.#waiting = [];
  }

  /** Ends the queue like `close`, but the reader still gets the waiting values, and then this error once. */
  fail(error: Error): void {
    this.#finish(error);
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#end !== null) return this.#ended();
    const reader = withResolvers<IteratorResult<T>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #ended(): Promise<IteratorResult<T>> {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    return error instanceof Error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  #finish(error: Error | undefined): void {
    if (this.#end !== null) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) void this.#ended().then(reader.resolve, reader.reject);
    this.#onClose();
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
