import type { NetworkAddress } from '../network-address.js';
import { resolveAddress } from './http-client.js';

/** A part of a resource: `bytes=FIRST-LAST`, or all of it. */
export interface Part {
  readonly address: NetworkAddress;
  readonly range: string | undefined;
}

export interface Segment extends Part {
  /** Its number in the stream, counted from the first that there ever was. */
  readonly number: number;
  /** What has to precede it; the same object for segments that share it. */
  readonly map: Part | undefined;
  readonly key: SegmentKey | undefined;
}

/** How a segment is encrypted with AES-128. */
export interface SegmentKey {
  readonly address: NetworkAddress;
  readonly iv: Buffer;
}

export type Playlist =
  | { readonly kind: 'master'; readonly variant: NetworkAddress }
  | {
      readonly kind: 'media';
      readonly segments: readonly Segment[];
      readonly isFinished: boolean;
      readonly targetSeconds: number;
    };

const ivBytes = 16;

/**
 * Reads an HLS playlist (RFC 8216); of a master playlist only the first variant, which is what a player without a
 * measured bandwidth begins with.
 *
 * @param from where the playlist came from, which its addresses are relative to
 * @throws SightlineError SOURCE_FORBIDDEN when an address is not of HTTP; Error when the playlist is not valid, or is
 *   encrypted in a way that is not understood
 */
export function readPlaylist(text: string, from: NetworkAddress): Playlist {
  const lines = text.split('\n').map((line) => line.trim());
  const variant = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF:'));
  if (variant !== -1) {
    const address = lines.slice(variant + 1).find((line) => line !== '' && !line.startsWith('#'));
    if (address === undefined) throw new Error('a variant without an address');
    return { kind: 'master', variant: resolveAddress(address, from) };
  }
  const reader = new MediaReader(from);
  for (const line of lines) reader.read(line);
  return {
    kind: 'media',
    segments: reader.segments,
    isFinished: lines.includes('#EXT-X-ENDLIST'),
    targetSeconds: Number(valueOf(lines, '#EXT-X-TARGETDURATION:') ?? 0) || 0,
  };
}

function valueOf(lines: readonly string[], tag: string): string | undefined {
  return lines.find((line) => line.startsWith(tag))?.slice(tag.length);
}

/** The key for the segments that follow; without a vector, the number of each serves as one. */
interface StatedKey {
  readonly address: NetworkAddress;
  readonly iv: Buffer | undefined;
}

/** Reads a media playlist line by line. */
class MediaReader {
  readonly segments: Segment[] = [];
  readonly #from: NetworkAddress;
  #first = 0;
  #map: Part | undefined;
  #key: StatedKey | undefined;
  #range: { readonly length: number; readonly start: number | undefined } | undefined;
  #nextStart = 0;

  constructor(from: NetworkAddress) {
    this.#from = from;
  }

  read(line: string): void {
    const [, tag = '', value = ''] = /^#(EXT[\w-]*):?(.*)$/.exec(line) ?? [];
    switch (tag) {
      case 'EXT-X-MEDIA-SEQUENCE':
        this.#first = Number(value) || 0;
        break;
      case 'EXT-X-BYTERANGE':
        this.#range = rangeOf(value);
        break;
      case 'EXT-X-MAP':
        this.#map = this.#mapOf(attributesOf(value));
        break;
      case 'EXT-X-KEY':
        this.#key = this.#keyOf(attributesOf(value));
        break;
    }
    if (line !== '' && !line.startsWith('#')) this.#segment(line);
  }

  #segment(address: string): void {
    const number = this.#first + this.segments.length;
    const key = this.#key && { address: this.#key.address, iv: this.#key.iv ?? numberedIv(number) };
    const range = this.#range && partOf(this.#range.length, this.#range.start ?? this.#nextStart);
    if (this.#range) this.#nextStart = (this.#range.start ?? this.#nextStart) + this.#range.length;
    this.#range = undefined;
    this.segments.push({ address: resolveAddress(address, this.#from), range, number, map: this.#map, key });
  }

  #mapOf(attributes: ReadonlyMap<string, string>): Part {
    const range = rangeOf(attributes.get('BYTERANGE') ?? '');
    const address = resolveAddress(attributes.get('URI') ?? '', this.#from);
    return { address, range: range && partOf(range.length, range.start ?? 0) };
  }

  #keyOf(attributes: ReadonlyMap<string, string>): StatedKey | undefined {
    const method = attributes.get('METHOD');
    if (method === 'NONE') return undefined;
    if (method !== 'AES-128') throw new Error('an encryption other than AES-128');
    const iv = attributes.get('IV');
    return {
      address: resolveAddress(attributes.get('URI') ?? '', this.#from),
      iv: iv === undefined ? undefined : Buffer.from(iv.slice(2).padStart(2 * ivBytes, '0'), 'hex'),
    };
  }
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const attributes = [...text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g)];
  return new Map(attributes.map(([, name = '', inQuotes, plain = '']) => [name, inQuotes ?? plain]));
}

function rangeOf(text: string): { length: number; start: number | undefined } | undefined {
  const [, length, start] = /^(\d+)(?:@(\d+))?$/.exec(text) ?? [];
  if (length === undefined) return undefined;
  return { length: Number(length), start: start === undefined ? undefined : Number(start) };
}

function partOf(length: number, start: number): string {
  return `bytes=${start}-${start + length - 1}`;
}

function numberedIv(number: number): Buffer {
  const iv = Buffer.alloc(ivBytes);
  iv.writeBigUInt64BE(BigInt(number), ivBytes - 8);
  return iv;
}
