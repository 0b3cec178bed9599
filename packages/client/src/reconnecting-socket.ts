import { isRefused, refusalIn, RefusedError, type Socket, type Transport } from './transport.js';

const firstCeilingMs = 500;
const lastCeilingMs = 15_000;

/**
 * How long to wait before the next attempt: a random time up to a ceiling that doubles with each failure ("full
 * jitter"), so that clients which lost the server together do not reconnect together.
 * Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next pause in milliseconds. */
  next(): number {
    const ceilingMs = Math.min(lastCeilingMs, firstCeilingMs * 2 ** this.#failures);
    this.#failures += 1;
    return this.#random() * ceilingMs;
  }

  /** Call after a success. */
  reset(): void {
    this.#failures = 0;
  }
}

export interface ReconnectingSocketOptions {
  readonly transport: Transport;
  /**
   * Where to connect; called before every attempt. A rejection counts as a failed attempt, and a RefusedError ends it all.
   */
  readonly address: () => Promise<URL>;
  /** A string, or an ArrayBuffer for a binary message. */
  readonly onMessage: (data: unknown) => void;
  readonly onLink: (isUp: boolean) => void;
  readonly onRefused: (error: RefusedError) => void;
}

/** A WebSocket that reconnects, with growing pauses, until `close()` is called or the server refuses for good. */
export class ReconnectingSocket {
  readonly #options: ReconnectingSocketOptions;
  readonly #backOff = new BackOff();
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: ReconnectingSocketOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** Closes for good; no callback is called any more. May be called again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    try {
      const { address, transport } = this.#options;
      const url = await address();
      const admission = await transport.admission();
      for (const [name, value] of Object.entries(admission)) url.searchParams.set(name, value);
      if (!this.#isClosed) this.#open(url);
    } catch (error) {
      if (this.#isClosed) return;
      if (error instanceof RefusedError) this.#options.onRefused(error);
      else this.#retryLater();
    }
  }

  #open(url: URL): void {
    const { transport, onMessage, onLink, onRefused } = this.#options;
    const socket = transport.open(url);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (!this.#isClosed) onMessage(data);
    });
    // A close event always follows.
    socket.addEventListener('error', () => {});
    let wasOpen = false;
    socket.addEventListener('open', () => {
      wasOpen = true;
      if (!this.#isClosed) onLink(true);
    });
    socket.addEventListener('close', (close) => {
      if (this.#isClosed) return;
      onLink(false);
      const refusal = refusalIn(close);
      if (refusal !== undefined) {
        onRefused(refusal);
        return;
      }
      // A refusal comes after the handshake, so a connection that opened was a success only if it was not refused.
      if (wasOpen && !isRefused(close)) this.#backOff.reset();
      this.#retryLater();
    });
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => void this.#connect(), this.#backOff.next());
  }
}
