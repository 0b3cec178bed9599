import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { SightlineEvent } from '../../src/events/identity-event.js';

/** An id that sorts before those of all events. */
const beforeAnyEvent = '0'.repeat(26);

/** A WebSocket client of `/ws/events` that keeps every event and can wait for one. */
export class EventStream {
  readonly events: SightlineEvent[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.events.push(JSON.parse(data.toString()) as SightlineEvent);
      for (const check of [...this.#waiting]) check();
    });
  }

  /** Replays what was published before, too. */
  static async open(url: string): Promise<EventStream> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/events?since=${beforeAnyEvent}`);
    const stream = new EventStream(socket);
    await once(socket, 'open');
    return stream;
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
    this.#socket.terminate();
  }
}

/** Collects `count` binary messages of `/ws/video/{camera}`. */
export async function videoFrames(url: string, camera: string, count: number, query = ''): Promise<Buffer[]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/video/${camera}${query}`);
  const frames: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        if (frames.push(data) >= count) resolve();
      });
    });
  } finally {
    socket.terminate();
  }
  return frames;
}
