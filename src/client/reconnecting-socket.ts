import { BackOff } from './back-off.js';
import { RefusedError, type Socket, type Transport } from './transport.js';

export interface ReconnectingSocketOptions {
  readonly transport: Transport;
  /**
   * Where to connect, asked before every attempt. A rejection is a failed attempt; one with a RefusedError is the end.
   */
  readonly address: () => Promise<URL>;
  /** A string, or an ArrayBuffer for a binary message. */
  readonly onMessage: (data: unknown) => void;
  readonly onLink: (isUp: boolean) => void;
  readonly onRefused: (error: RefusedError) => void;
}

/** A WebSocket that connects again, ever more slowly, until `close()` or until it is refused. */
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

  /** Nothing is called any more. May be called again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    try {
      const url = await this.#options.address();
      if (!this.#isClosed) this.#open(url);
    } catch (error) {
      if (this.#isClosed) return;
      if (error instanceof RefusedError) this.#options.onRefused(error);
      else this.#retryLater();
    }
  }

  #open(url: URL): void {
    const { transport, onMessage, onLink } = this.#options;
    const socket = transport.open(url);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#backOff.reset();
      if (!this.#isClosed) onLink(true);
    };
    socket.onmessage = ({ data }) => {
      if (!this.#isClosed) onMessage(data);
    };
    // A close always follows.
    socket.onerror = () => {};
    socket.onclose = () => {
      if (this.#isClosed) return;
      onLink(false);
      this.#retryLater();
    };
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => void this.#connect(), this.#backOff.next());
  }
}
