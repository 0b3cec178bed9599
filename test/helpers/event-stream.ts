import type {
  EventStream as ClientStream,
  EventType,
  SightlineEvent,
} from '../../packages/client/src/index.js';
import { connect, watch } from './connect.js';

/** Keeps the events of a program, those published before it was opened too, and can wait for one. */
export class EventStream {
  readonly events: SightlineEvent[];
  readonly #stream: ClientStream<EventType>;
  readonly #waiting = new Set<() => void>();

  private constructor(past: SightlineEvent[], stream: ClientStream<EventType>) {
    this.events = past;
    this.#stream = stream;
    void this.#read();
  }

  /** @param from leaves out what was published earlier, in runs before */
  static async open(url: string, from = new Date(0)): Promise<EventStream> {
    const response = await fetch(`${url}/v1/events?limit=1000&from=${from.toISOString()}`);
    const { events, newest } = (await response.json()) as { events: SightlineEvent[]; newest: string };
    return new EventStream(events.reverse(), connect({ url, since: newest }));
  }

  /** The first event, past ones included, that the predicate accepts. */
  until(predicate: (event: SightlineEvent) => boolean): Promise<SightlineEvent> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.events.find(predicate);
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    this.#stream.close();
  }

  async #read(): Promise<void> {
    for await (const event of this.#stream) {
      this.events.push(event);
      for (const check of [...this.#waiting]) check();
    }
  }
}

/** Collects `count` pictures of a camera. */
export async function videoFrames(
  url: string,
  camera: string,
  count: number,
  overlay = true,
): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for await (const jpeg of watch({ url, camera, overlay })) {
    if (frames.push(Buffer.from(jpeg)) >= count) break;
  }
  return frames;
}
