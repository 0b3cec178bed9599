import type { Readable } from 'node:stream';

/** While pictures for analysis come more often than this, those for viewers need not be read. */
const silenceMs = 500;

/** Whether somebody wants the pictures for viewers; outlives the ffmpegs that send them. */
export class ViewDemand {
  #isWanted = false;
  #onChange: (() => void) | undefined;

  get isWanted(): boolean {
    return this.#isWanted;
  }

  set(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#onChange?.();
  }

  /** @param listener called after each change, in place of the one before */
  onChange(listener: (() => void) | undefined): void {
    this.#onChange = listener;
  }
}

/**
 * Reads the pictures for viewers while they are wanted. Otherwise ffmpeg finds its pipe full and drops them, at no cost
 * to either. But an ffmpeg that is to end waits until its last picture is taken; so when the other pictures have stopped
 * coming, these are read as well.
 */
export class ViewValve {
  readonly #stream: Readable;
  readonly #demand: ViewDemand;
  readonly #silence: NodeJS.Timeout;
  #isSilent = false;

  constructor(stream: Readable, demand: ViewDemand) {
    this.#stream = stream;
    this.#demand = demand;
    this.#silence = setTimeout(() => this.#setSilent(true), silenceMs);
    demand.onChange(() => this.#turn());
    this.#turn();
  }

  /** A picture for analysis came. */
  feed(): void {
    this.#silence.refresh();
    if (this.#isSilent) this.#setSilent(false);
  }

  /** Lets everything through from now on, so that ffmpeg can end. */
  open(): void {
    clearTimeout(this.#silence);
    this.#demand.onChange(undefined);
    this.#stream.resume();
  }

  #setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    this.#turn();
  }

  #turn(): void {
    if (this.#isSilent || this.#demand.isWanted) this.#stream.resume();
    else this.#stream.pause();
  }
}
