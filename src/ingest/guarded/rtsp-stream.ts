import { Transform, type TransformCallback } from 'node:stream';

/** The head of an RTSP message: its lines without their ends, the one that begins it first. */
export type RtspHead = readonly string[];

/** ffmpeg truncates longer lines, and so would read them differently from this parser. */
const maxLineBytes = 4000;
const maxHeadBytes = 64 << 10;
const lineFeed = 0x0a;
/** The first byte of an RTP or RTCP packet between the messages. */
const dollar = 0x24;
const packetHeadBytes = 4;
/** After the header of a smaller packet, ffmpeg reads what follows as a message. */
const minPacketBytes = 8;

export interface RtspStreamOptions {
  /** Gets each head; what it returns is sent in its place. Undefined swallows the message with its body. */
  readonly onHead: (head: RtspHead) => RtspHead | undefined;
}

/**
 * One direction of an RTSP connection. Packets and bodies pass unchanged. Messages are parsed the way ffmpeg does it
 * (libavformat, rtsp.c, `ff_rtsp_read_reply`), and anything that the two might understand differently is an error.
 */
export class RtspStream extends Transform {
  readonly #onHead: RtspStreamOptions['onHead'];
  /** The part received so far of a line or of a packet's header. */
  #begun: Buffer = Buffer.alloc(0);
  #head: string[] = [];
  #headBytes = 0;
  /** Remaining bytes of a packet or a body. */
  #remaining = 0;
  #isSwallowing = false;
  #waiting: Buffer[] = [];

  constructor({ onHead }: RtspStreamOptions) {
    super();
    this.#onHead = onHead;
  }

  /** Sends a message of this program's own, once the packet or message that is on its way has passed. */
  inject(head: RtspHead): void {
    this.#waiting.push(bytesOf(head));
    if (this.#remaining === 0 || this.#isSwallowing) this.#sendWaiting();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let rest = chunk;
      while (rest.length > 0) rest = rest.subarray(this.#take(rest));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** Consumes the next line, packet header or part of a body; returns the number of bytes. */
  #take(bytes: Buffer): number {
    if (this.#remaining > 0) return this.#pass(bytes.subarray(0, this.#remaining));
    if (this.#begun.length === 0 && bytes[0] === dollar) {
      const whole = this.#wholePackets(bytes);
      if (whole > 0) return whole;
    }
    const isPacket = (this.#begun[0] ?? bytes[0]) === dollar;
    const lineEnd = bytes.indexOf(lineFeed) + 1;
    const taken = isPacket ? packetHeadBytes - this.#begun.length : lineEnd || bytes.length;
    const part = bytes.subarray(0, taken);
    const begun = this.#begun.length === 0 ? part : Buffer.concat([this.#begun, part]);
    if (begun.length > maxLineBytes) throw new Error('a line that is too long');
    const isComplete = isPacket ? begun.length === packetHeadBytes : lineEnd > 0;
    this.#begun = isComplete ? Buffer.alloc(0) : begun;
    if (isComplete && isPacket) this.#packet(begun);
    if (isComplete && !isPacket) this.#line(begun);
    return part.length;
  }

  /** Passes all packets on that lie complete in these bytes, in one piece: a stream is thousands of packets a second. */
  #wholePackets(bytes: Buffer): number {
    let end = 0;
    while (bytes[end] === dollar && end + packetHeadBytes <= bytes.length) {
      const size = this.#checkPacket(bytes.readUInt16BE(end + 2));
      if (end + packetHeadBytes + size > bytes.length) break;
      end += packetHeadBytes + size;
    }
    if (end > 0) this.push(bytes.subarray(0, end));
    return end;
  }

  #pass(bytes: Buffer): number {
    if (!this.#isSwallowing) this.push(bytes);
    this.#remaining -= bytes.length;
    if (this.#remaining === 0) {
      this.#isSwallowing = false;
      this.#sendWaiting();
    }
    return bytes.length;
  }

  #packet(head: Buffer): void {
    this.#remaining = this.#checkPacket(head.readUInt16BE(2));
    this.push(head);
  }

  #checkPacket(size: number): number {
    if (this.#head.length > 0 || size < minPacketBytes) throw new Error('a misplaced packet');
    return size;
  }

  #line(bytes: Buffer): void {
    const line = bytes.toString('latin1').replace(/\r?\n$/, '');
    if (hasControls(line)) throw new Error('a line with control characters');
    this.#headBytes += bytes.length;
    if (this.#headBytes > maxHeadBytes) throw new Error('a message that is too long');
    if (line !== '') this.#head.push(line);
    else if (this.#head.length > 0) this.#endHead();
    // Empty lines between messages say nothing.
    else this.#headBytes = 0;
  }

  #endHead(): void {
    const head = this.#head;
    this.#head = [];
    this.#headBytes = 0;
    this.#remaining = bodyBytes(head);
    const sent = this.#onHead(head);
    this.#isSwallowing = sent === undefined && this.#remaining > 0;
    if (sent !== undefined) this.push(bytesOf(sent));
    if (this.#remaining === 0) this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const bytes of this.#waiting) this.push(bytes);
    this.#waiting = [];
  }
}

/** The values of a header of a message, in any case. */
export function headersOf(head: RtspHead, name: string): string[] {
  return head
    .slice(1)
    .flatMap((line) => (headerName(line) === name ? [line.slice(line.indexOf(':') + 1).trim()] : []));
}

/** The name of a header line in lower case. A regular expression that allows blanks around it would take cubic time. */
export function headerName(line: string): string {
  return line
    .slice(0, Math.max(0, line.indexOf(':')))
    .trim()
    .toLowerCase();
}

function bodyBytes(head: RtspHead): number {
  const lengths = head.slice(1).filter((line) => headerName(line) === 'content-length');
  for (const line of lengths)
    if (!/^content-length: *\d{1,7} *$/i.test(line)) throw new Error('an invalid Content-Length');
  // ffmpeg uses the last.
  return Number(lengths.at(-1)?.split(':')[1] ?? 0);
}

function bytesOf(head: RtspHead): Buffer {
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Whether there are control characters other than tabs. */
function hasControls(line: string): boolean {
  return [...line].some((character) => (character < ' ' && character !== '\t') || character === '\x7f');
}
