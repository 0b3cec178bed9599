import { Piscina } from 'piscina';

export interface InferenceThreadOptions {
  /** The built worker; its default export takes a batch of tasks and gives one reply for each. */
  readonly entry: URL;
  /** Given to the worker when it starts. */
  readonly workerData: unknown;
  /** A batch that takes longer has hung the thread, which is then ended and replaced. Includes what the thread loads. */
  readonly timeoutMs: number;
  /** Called for each thread that ended by itself or hung. */
  readonly onLost: (error: Error) => void;
}

/** One thread, from its start to its end. */
interface Life<Task, Reply> {
  /** Has exactly one thread. `InferenceThread` replaces it, not Piscina. */
  readonly piscina: Piscina<readonly Task[], Reply[]>;
  hasAnswered: boolean;
  /** Why it ended, where that is known. */
  cause: unknown;
}

/**
 * A worker thread that is replaced when it dies or hangs. It is replaced at once if it had answered before; otherwise only
 * for the next batch, because a new thread would probably fail in the same way.
 */
export class InferenceThread<Task, Reply> {
  readonly #options: InferenceThreadOptions;
  #life: Life<Task, Reply> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: InferenceThreadOptions) {
    this.#options = options;
    this.#life = this.#start();
  }

  /**
   * Runs one batch. Must not be called again before it has settled.
   * @throws what ended the thread before it answered
   */
  async run(batch: readonly Task[], transferList: ArrayBuffer[] = []): Promise<Reply[]> {
    const life = (this.#life ??= this.#start());
    const { timeoutMs } = this.#options;
    const giveUp = (): void => {
      life.cause = new Error(`no answer within ${timeoutMs} ms`);
      void life.piscina.destroy();
    };
    const timer = setTimeout(giveUp, timeoutMs);
    try {
      const replies = await life.piscina.run(batch, { transferList });
      life.hasAnswered = true;
      return replies;
    } catch (error) {
      throw (life.cause ??= error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends the thread after its current batch and after its networks are loaded, because ending it inside ONNX Runtime would
   * crash the process. An empty batch waits for both. May be called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#life) await this.run([]).catch(() => undefined);
    await this.#life?.piscina.destroy();
  }

  #start(): Life<Task, Reply> {
    const { entry, workerData } = this.#options;
    const piscina = new Piscina<readonly Task[], Reply[]>({
      filename: entry.href,
      workerData,
      minThreads: 1,
      maxThreads: 1,
      // Room for the empty batch that ends the thread.
      maxQueue: 1,
      idleTimeout: Infinity,
      // Its waiting on shared memory would stop timers and promises of the worker.
      atomics: 'disabled',
      recordTiming: false,
    });
    const life: Life<Task, Reply> = { piscina, hasAnswered: false, cause: undefined };
    // Emitted for a thread that fails between batches; without a listener the error would end the process.
    piscina.on('error', (error: unknown) => (life.cause ??= error));
    piscina.once('workerDestroy', () => {
      // Before Piscina replaces the thread.
      void piscina.destroy();
      this.#onEnd(life);
    });
    return life;
  }

  #onEnd(life: Life<Task, Reply>): void {
    if (this.#life === life) this.#life = undefined;
    // By then the cause is known, whichever way it came.
    setImmediate(() => {
      if (this.#closing) return;
      if (life.hasAnswered) this.#life ??= this.#start();
      this.#options.onLost(new Error('A worker thread was lost', { cause: life.cause }));
    });
  }
}
