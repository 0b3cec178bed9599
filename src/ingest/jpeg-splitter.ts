/** A JPEG file, and the size that it states. */
export interface JpegPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface JpegSplitterOptions {
  /** Called with each complete picture. */
  readonly onPicture: (picture: JpegPicture) => void;
  /** Called for each picture that was cut off, is too large, or states no size. */
  readonly onDamaged: () => void;
}

/** A larger file would be one made to exhaust memory. */
const maxPictureBytes = 16 << 20;
/** Room for 8K video. */
const maxPixels = 8192 * 8192;
const firstBufferBytes = 64 << 10;

const markerByte = 0xff;
const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const pictureStart = Buffer.of(markerByte, startOfImage, markerByte);

/**
 * Finds the JPEG files in a stream of bytes by their own markers, whatever stands before, between and after them:
 * multipart headers of any kind, wrong ones, or none. Thumbnails inside of a file are part of it.
 */
export class JpegSplitter {
  readonly #options: JpegSplitterOptions;
  #buffer = Buffer.alloc(firstBufferBytes);
  #end = 0;
  /** Where the current picture begins; undefined between pictures. */
  #start: number | undefined;
  /** What was looked at so far. */
  #at = 0;
  #isInScan = false;
  #size: { readonly width: number; readonly height: number } | undefined;

  constructor(options: JpegSplitterOptions) {
    this.#options = options;
  }

  /** Whether the bytes so far end in the middle of a picture. */
  get isInPicture(): boolean {
    return this.#start !== undefined;
  }

  push(chunk: Uint8Array): void {
    this.#append(chunk);
    while (this.#start === undefined ? this.#findStart() : this.#findEnd(this.#start));
    this.#compact();
  }

  #append(chunk: Uint8Array): void {
    const length = this.#end + chunk.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end = length;
  }

  /** Forgets the bytes that are done with. */
  #compact(): void {
    const done = this.#start ?? this.#at;
    if (done === 0) return;
    this.#buffer.copyWithin(0, done, this.#end);
    this.#end -= done;
    this.#at -= done;
    if (this.#start !== undefined) this.#start = 0;
  }

  /** @returns whether there is more to look at */
  #findStart(): boolean {
    const found = this.#bytes().indexOf(pictureStart, this.#at);
    if (found === -1) {
      this.#at = Math.max(this.#at, this.#end - pictureStart.length + 1);
      return false;
    }
    this.#begin(found);
    return true;
  }

  #begin(start: number): void {
    [this.#start, this.#at] = [start, start + 2];
    [this.#isInScan, this.#size] = [false, undefined];
  }

  /** @returns whether there is more to look at */
  #findEnd(start: number): boolean {
    if (this.#at - start > maxPictureBytes) return this.#abandon();
    if (this.#isInScan) return this.#skipScan();
    if (this.#at + 2 > this.#end) return false;
    const code = this.#buffer[this.#at + 1] as number;
    if (this.#buffer[this.#at] !== markerByte || code === markerByte) this.#at += 1;
    else if (code === endOfImage) this.#complete(start);
    else if (code === startOfImage) this.#restart();
    else if (standsAlone(code)) this.#at += 2;
    else return this.#readSegment(code);
    return true;
  }

  /** Skips compressed data, in which a marker byte that is no marker is followed by 0. */
  #skipScan(): boolean {
    const found = this.#bytes().indexOf(markerByte, this.#at);
    if (found === -1 || found + 1 >= this.#end) {
      this.#at = found === -1 ? this.#end : found;
      return false;
    }
    const code = this.#buffer[found + 1] as number;
    if (code === markerByte) this.#at = found + 1;
    else if (standsAlone(code)) this.#at = found + 2;
    else [this.#at, this.#isInScan] = [found, false];
    return true;
  }

  #readSegment(code: number): boolean {
    const at = this.#at + 2;
    if (at + 2 > this.#end) return false;
    const length = this.#buffer.readUInt16BE(at);
    if (at + length > this.#end) return false;
    if (isFrameHeader(code) && length >= 7) {
      this.#size = { height: this.#buffer.readUInt16BE(at + 3), width: this.#buffer.readUInt16BE(at + 5) };
    }
    this.#isInScan = code === startOfScan;
    this.#at = at + length;
    return true;
  }

  #complete(start: number): void {
    const end = this.#at + 2;
    const { width = 0, height = 0 } = this.#size ?? {};
    if (width * height === 0 || width * height > maxPixels) this.#options.onDamaged();
    else this.#options.onPicture({ data: Uint8Array.from(this.#buffer.subarray(start, end)), width, height });
    [this.#start, this.#at] = [undefined, end];
  }

  /** The picture before was cut off. */
  #restart(): void {
    this.#options.onDamaged();
    this.#begin(this.#at);
  }

  #abandon(): boolean {
    this.#options.onDamaged();
    this.#start = undefined;
    return true;
  }

  #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }
}

/** Whether no segment follows a marker: stuffing, restart markers, and one for private use. */
function standsAlone(code: number): boolean {
  return code < 0xc0 || (code >= 0xd0 && code <= 0xd7);
}

/** Whether the segment of a marker tells the size: SOF0 to SOF15, without the three others in between. */
function isFrameHeader(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}
