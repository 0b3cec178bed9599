/** One connected client, as the heartbeat sees it. */
export interface Pulse {
  /** Pings the client; false when it has not answered since the last time. */
  beat(): boolean;
  /** Ends the connection at once. */
  kill(): void;
}

/** Closes the connections of clients that have disappeared without closing them. */
export class Heartbeat {
  readonly #pulses = new Set<Pulse>();
  readonly #timer: NodeJS.Timeout;

  constructor(intervalMs: number) {
    this.#timer = setInterval(() => {
      this.#beat();
    }, intervalMs);
    this.#timer.unref();
  }

  /** Watches a client until the returned function is called. */
  watch(pulse: Pulse): () => void {
    this.#pulses.add(pulse);
    return () => {
      this.#pulses.delete(pulse);
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    for (const pulse of [...this.#pulses]) {
      if (!pulse.beat()) pulse.kill();
    }
  }
}
