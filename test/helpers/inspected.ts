import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What a Node process holds, after a garbage collection. */
export interface Held {
  readonly heapBytes: number;
  /** Buffers, outside the heap. */
  readonly externalBytes: number;
  readonly handles: number;
}

/**
 * Runs in the program: notes what processor time its main thread spends between two turns of the main loop. Processor
 * time, since on a busy machine the clock goes on while the thread waits for a core. The first number of `schedstat` is
 * in nanoseconds.
 */
const loopProbe = `(() => {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const spentMs = () => Number(readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'utf8').split(' ')[0]) / 1e6;
  const probe = { longestMs: 0 };
  let before = spentMs();
  setInterval(() => {
    const now = spentMs();
    probe.longestMs = Math.max(probe.longestMs, now - before);
    before = now;
  }, 5).unref();
  globalThis.loopProbe = probe;
})()`;

/** The inspector of a Node process that was started with `--inspect`. */
export class Inspected {
  readonly #socket: WebSocket;
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @param address as Node prints it: ws://127.0.0.1:9229/… */
  static async connect(address: string): Promise<Inspected> {
    const socket = new WebSocket(address);
    await once(socket, 'open');
    return new Inspected(socket);
  }

  async held(): Promise<Held> {
    await this.#send('HeapProfiler.enable', {});
    // Twice: what finalizers let go of at first is gone then.
    for (let round = 0; round < 2; round++) await this.#send('HeapProfiler.collectGarbage', {});
    const expression = `JSON.stringify({ ...process.memoryUsage(), handles: process.getActiveResourcesInfo().length })`;
    const { result } = (await this.#send('Runtime.evaluate', { expression })) as {
      result: { value: string };
    };
    const usage = JSON.parse(result.value) as { heapUsed: number; external: number; handles: number };
    return { heapBytes: usage.heapUsed, externalBytes: usage.external, handles: usage.handles };
  }

  /** Begins to measure what the main loop does in one go. */
  async watchLoop(): Promise<void> {
    await this.#send('Runtime.evaluate', { expression: loopProbe });
  }

  /** Processor time in milliseconds of the longest slice of the main loop since the last call. */
  async longestSliceMs(): Promise<number> {
    const read = (): Promise<unknown> =>
      this.#send('Runtime.evaluate', {
        expression: `new Promise((resolve) => setTimeout(() => { resolve(loopProbe.longestMs); loopProbe.longestMs = 0; }, 15))`,
        awaitPromise: true,
        returnByValue: true,
      });
    return ((await read()) as { result: { value: number } }).result.value;
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const onMessage = (data: Buffer): void => {
        const reply = JSON.parse(data.toString()) as {
          id?: number;
          result?: unknown;
          error?: { message: string };
        };
        if (reply.id !== id) return;
        this.#socket.off('message', onMessage);
        if (reply.error) reject(new Error(reply.error.message));
        else resolve(reply.result);
      };
      this.#socket.on('message', onMessage);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
