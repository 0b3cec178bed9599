/** One packet of a copied stream. */
export interface Packet {
  /** When it is to be shown, in ms on the clock of the stream. */
  readonly presentedAt: number;
  /** Whether decoding can begin with it. */
  readonly isKey: boolean;
  /** When it came, on the clock of `performance.now()`. */
  readonly arrivedAt: number;
  readonly data: Uint8Array;
}

export interface RingLimits {
  /** What came within this time can be decoded, so the key frame before it is kept as well. */
  readonly keepMs: number;
  /** Most bytes of all packets together. Where one key frame interval is larger, its beginning is lost. */
  readonly maxBytes: number;
}

/** The newest packets of a stream, numbered from 0, back to a key frame from which they can be decoded. */
export class PacketRing {
  readonly #limits: RingLimits;
  #packets: Packet[] = [];
  #first = 0;
  #byteLength = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Number of the oldest packet that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Bytes of the packets that are kept. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Number of the newest key frame; undefined when none is kept. */
  get newestKey(): number | undefined {
    return this.keyBefore(Infinity);
  }

  push(packet: Packet): void {
    this.#packets.push(packet);
    this.#byteLength += packet.data.length;
    // Only a key frame makes the packets before an earlier one dispensable.
    if (packet.isKey) this.#forgetOld(packet.arrivedAt - this.#limits.keepMs);
    while (this.#byteLength > this.#limits.maxBytes) this.#drop(this.#secondKey() ?? 1);
  }

  /** The packet of this number; undefined when it is not kept any more, or has not come yet. */
  at(number: number): Packet | undefined {
    return this.#packets[number - this.#first];
  }

  /** Number of the newest key frame that came by a time, or else of the oldest one; undefined when none is kept. */
  keyBefore(time: number): number | undefined {
    const isKey = ({ isKey }: Packet): boolean => isKey;
    const found = this.#packets.findLastIndex((packet) => packet.isKey && packet.arrivedAt <= time);
    const index = found === -1 ? this.#packets.findIndex(isKey) : found;
    return index === -1 ? undefined : this.#first + index;
  }

  #forgetOld(before: number): void {
    const newest = this.#packets.findLastIndex(({ isKey, arrivedAt }) => isKey && arrivedAt <= before);
    if (newest > 0) this.#drop(newest);
  }

  /** Index of the first key frame after the oldest packet. */
  #secondKey(): number | undefined {
    const index = this.#packets.findIndex(({ isKey }, at) => isKey && at > 0);
    return index === -1 ? undefined : index;
  }

  #drop(count: number): void {
    for (const { data } of this.#packets.splice(0, count)) this.#byteLength -= data.length;
    this.#first += count;
  }
}
