import type { Writable } from 'node:stream';
import type { Playback } from './next-step.js';
import type { NutFormat } from './nut-headers.js';
import { nutBeginning, nutFrameHeader } from './nut-writer.js';
import type { Packet, PacketRing } from './packet-ring.js';

/** After the last need the decoder runs on for so long: whoever went out of view often comes back. */
const lingerMs = 5000;
/**
 * What was wanted but could not be decoded yet is decoded at this many times the speed at which it came. All at once, the
 * pictures of a face that was in view for two seconds would be over before the first of them is recognised.
 */
const catchUpSpeed = 1.5;

export interface OnDemandDecoderOptions {
  readonly ring: PacketRing;
  /** What the packets belong to. */
  readonly format: NutFormat;
  /** Runs a decoder until its input ends or it is aborted. Never rejects. */
  readonly decode: (onInput: (input: Writable) => void, signal: AbortSignal) => Promise<Playback>;
  /** Called when a decoder ended although it was not told to. */
  readonly onFailed: (playback: Playback) => void;
  /** Called with a number of packets that are left out, because the decoder did not keep up. */
  readonly onSkipped: (packets: number) => void;
}

interface Run {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  /** From when on its pictures are wanted. */
  readonly since: number;
  /** When it was fed the first of them; undefined before. */
  caughtAt: number | undefined;
}

/**
 * Decodes what is in a ring of packets, and what is added to it, while it is wanted. The decoder is fed as fast as it
 * reads up to the moment from which pictures are wanted, and then at up to one and a half times the speed at which the packets came. If it
 * falls behind so far that the ring has lost what comes next, it goes on with the newest key frame.
 */
export class OnDemandDecoder {
  readonly #options: OnDemandDecoderOptions;
  #since: number | undefined;
  #linger: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #run: Run | undefined;
  #input: Writable | undefined;
  #isFull = false;
  /** Number of the next packet to feed; undefined until there is a key frame to begin with. */
  #next: number | undefined;
  #isAtEnd = false;
  #isClosed = false;

  constructor(options: OnDemandDecoderOptions) {
    this.#options = options;
  }

  /** @param since from when on pictures are wanted, on the clock of `performance.now()`; undefined when they are not */
  want(since: number | undefined): void {
    if (since === undefined && this.#since !== undefined) {
      this.#linger = setTimeout(() => this.#run?.abort.abort(), lingerMs);
    } else if (since !== undefined) {
      clearTimeout(this.#linger);
    }
    this.#since = since;
    this.#start();
  }

  /** To be called after packets were added to the ring. */
  feed(): void {
    clearTimeout(this.#pause);
    const { ring, format, onSkipped } = this.#options;
    const input = this.#input;
    while (input?.writable && !this.#isFull) {
      if (this.#next === undefined || this.#next < ring.first) {
        const key = this.#next === undefined ? ring.keyBefore(this.#since ?? Infinity) : ring.newestKey;
        if (key === undefined) break;
        if (this.#next === undefined) input.write(nutBeginning(format, ring.at(key)?.presentedAt ?? 0));
        else onSkipped(key - this.#next);
        this.#next = key;
      }
      const packet = ring.at(this.#next);
      if (packet === undefined) break;
      const waitMs = this.#untilDue(packet);
      if (waitMs > 0) return void (this.#pause = setTimeout(() => this.feed(), waitMs));
      this.#next += 1;
      const { presentedAt, isKey, data } = packet;
      input.cork();
      input.write(nutFrameHeader({ presentedAt, isKey, byteLength: data.length }));
      this.#isFull = !input.write(data);
      input.uncork();
    }
    if (this.#isAtEnd && !this.#isFull && input?.writable) input.end();
  }

  /** There will be no more packets. Resolves when those that are there have been decoded, if they are wanted. */
  async finish(): Promise<void> {
    this.#isAtEnd = true;
    this.feed();
    await this.#run?.done;
  }

  /** Ends the decoder. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#linger);
    this.#run?.abort.abort();
    await this.#run?.done;
  }

  /** How long a packet has to wait, because it came after pictures were wanted and is caught up with. */
  #untilDue({ arrivedAt }: Packet): number {
    const run = this.#run;
    if (run === undefined || arrivedAt <= run.since) return 0;
    const now = performance.now();
    run.caughtAt ??= now;
    return run.caughtAt + (arrivedAt - run.since) / catchUpSpeed - now;
  }

  #start(): void {
    if (this.#run !== undefined || this.#since === undefined || this.#isClosed || this.#isAtEnd) return;
    const abort = new AbortController();
    [this.#next, this.#isFull] = [undefined, false];
    const playing = this.#options.decode((input) => this.#connect(input), abort.signal);
    const done = playing.then((playback) => {
      clearTimeout(this.#pause);
      this.#input = undefined;
      this.#run = undefined;
      if (!abort.signal.aborted && !this.#isAtEnd) this.#options.onFailed(playback);
      // It may have become wanted again while it was ending.
      else this.#start();
    });
    this.#run = { abort, done, since: this.#since, caughtAt: undefined };
  }

  #connect(input: Writable): void {
    this.#input = input;
    input.on('drain', () => {
      this.#isFull = false;
      this.feed();
    });
    this.feed();
  }
}
