import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackOff, ReconnectingSocket } from '../../../packages/client/src/reconnecting-socket.js';
import type { Close, Socket, Transport } from '../../../packages/client/src/transport.js';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A connection that opens and then is closed by the server. */
class ClosedAtOnce implements Socket {
  binaryType = 'blob';
  readonly #code: number;

  constructor(code: number) {
    this.#code = code;
  }

  addEventListener(type: string, listener: (event: Close & { data: unknown }) => void): void {
    const event = { code: this.#code, reason: '', data: undefined };
    if (type === 'open' || type === 'close') queueMicrotask(() => listener(event));
  }

  close(): void {}
}

/** Milliseconds before each new attempt when every connection is accepted and at once closed with this code. */
async function waitsAfter(code: number): Promise<number[]> {
  const attempts: number[] = [];
  const transport: Transport = {
    base: new URL('http://server/'),
    headers: {},
    admission: () => Promise.resolve({ ticket: String(attempts.length) }),
    open: (url) => {
      expect(url.searchParams.getAll('ticket')).toEqual([String(attempts.length)]);
      attempts.push(Date.now());
      return new ClosedAtOnce(code);
    },
  };
  const address = new URL('ws://server/ws/video/door');
  const socket = new ReconnectingSocket({
    transport,
    address: () => Promise.resolve(address),
    onMessage: () => {},
    onLink: () => {},
    onRefused: () => {},
  });
  while (attempts.length < 4) await vi.advanceTimersToNextTimerAsync();
  socket.close();
  return attempts.slice(1).map((time, i) => time - (attempts[i] ?? 0));
}

it('asks ever more slowly for what is refused though the handshake is done', async () => {
  expect(await waitsAfter(4404)).toEqual([250, 500, 1000]);
});

it('begins anew after a link that was up', async () => {
  expect(await waitsAfter(1001)).toEqual([250, 250, 250]);
});

describe('BackOff', () => {
  it('waits up to a ceiling that doubles, up to 15 s', () => {
    const backOff = new BackOff(() => 0.5);
    const waits = Array.from({ length: 7 }, () => backOff.next());
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500]);
  });

  it('may wait not at all, however often it failed', () => {
    const backOff = new BackOff(() => 0);
    expect([backOff.next(), backOff.next()]).toEqual([0, 0]);
  });

  it('begins anew after a success', () => {
    const backOff = new BackOff(() => 0.5);
    backOff.next();
    backOff.next();
    backOff.reset();
    expect(backOff.next()).toBe(250);
  });
});
