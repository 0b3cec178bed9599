const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;

/** A WebSocket that connects again, ever more slowly, until `close()`. */
export class ReconnectingSocket {
  #address;
  #onMessage;
  #onLink;
  #socket = null;
  #timer = null;
  #failures = 0;
  #isClosed = false;

  /**
   * `address()` gives path and query for each attempt, `onMessage(data)` takes messages (binary ones as Blob), and
   * `onLink(isUp)` hears when the connection comes and goes.
   */
  constructor({ address, onMessage, onLink = () => {} }) {
    this.#address = address;
    this.#onMessage = onMessage;
    this.#onLink = onLink;
    this.#connect();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect() {
    const url = new URL(this.#address(), location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.#onLink(true);
    };
    socket.onmessage = ({ data }) => {
      if (!this.#isClosed) this.#onMessage(data);
    };
    socket.onclose = () => {
      if (this.#isClosed) return;
      this.#onLink(false);
      this.#retryLater();
    };
  }

  #retryLater() {
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Jitter, so that all pages do not come back in the same moment after a restart.
    this.#timer = setTimeout(() => this.#connect(), delayMs * (0.5 + Math.random() / 2));
  }
}
