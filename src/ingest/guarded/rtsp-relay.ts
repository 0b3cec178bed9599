import { connect, isIP, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SightlineError } from '../../core/errors.js';
import { listenLocally, type LocalServer, unreachable } from './local-server.js';
import type { CheckedAddress, SourcePolicy, Target } from './source-policy.js';

/**
 * Stands between ffmpeg and an RTSP server: looks its name up, connects to the checked address only, and lets nothing
 * through that would send ffmpeg elsewhere. Speaks TLS to the server where the URL says so, plain RTSP to ffmpeg.
 *
 * @param onFailure told why there is no connection
 */
export function openRtspRelay(
  target: Target,
  policy: SourcePolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  return listenLocally((client) => {
    void relay(client, target, policy).catch((error: unknown) => {
      client.destroy();
      if (error instanceof SightlineError) onFailure(error);
    });
  });
}

async function relay(client: Socket, target: Target, policy: SourcePolicy): Promise<void> {
  const checked = await policy.resolve(target.host);
  const server = connectTo(target, checked);
  const filter = new RtspFilter(checked.address);
  await new Promise<void>((resolve, reject) => {
    const onEarlyError = (error: NodeJS.ErrnoException): void => reject(unreachable(target, error));
    server.once('error', onEarlyError);
    // From then on ffmpeg sees for itself what goes wrong.
    server.once(target.isEncrypted ? 'secureConnect' : 'connect', () => server.off('error', onEarlyError));
    filter.once('error', (error) => reject(forbidden(target, error)));
    pipeline(client, server, () => undefined);
    pipeline(server, filter, client, () => {
      server.destroy();
      client.destroy();
      resolve();
    });
  });
}

function connectTo({ host, port, isEncrypted }: Target, { address }: CheckedAddress): Socket {
  if (!isEncrypted) return connect({ host: address, port });
  // Cameras certify themselves, so ffmpeg does not verify either.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host: address, port, rejectUnauthorized: false, ...name });
}

function forbidden({ host, port }: Target, error: Error): SightlineError | Error {
  // Not of the filter itself, but of one of its neighbours.
  if ('code' in error) return error;
  return new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected RTSP from ${host} port ${port} but received ${error.message}, which is not followed.`,
  );
}

/** ffmpeg cuts longer lines off, and so would read something else than this does. */
const MOST_LINE_BYTES = 4000;
const LINE_FEED = 0x0a;
/** Begins a packet of RTP or RTCP between the messages. */
const DOLLAR = 0x24;
const PACKET_HEAD_BYTES = 4;
/** ffmpeg takes what follows the head of a smaller packet for a message. */
const LEAST_PACKET_BYTES = 8;

const REPLY = /^RTSP\/1\.\d [1245]\d\d( |$)/;
const REQUEST = /^[A-Z_]+ \S+ RTSP\/1\.\d$/;

/**
 * What an RTSP server says, without what would send ffmpeg elsewhere: ffmpeg follows any redirection, and sends packets
 * to any address that a `Transport` header gives as the source of the media. Reads messages as ffmpeg does (libavformat,
 * rtsp.c, `ff_rtsp_read_reply`) and ends with an error at whatever the two might understand differently.
 */
export class RtspFilter extends Transform {
  readonly #serverAddress: string;
  /** A line, or the head of a packet, of which more is to come. */
  #begun: Buffer = Buffer.alloc(0);
  /** Bytes of a packet or a body that pass as they are. */
  #passing = 0;
  #linesOfMessage = 0;
  #bodyBytes = 0;

  /** @param serverAddress where media may come from over UDP */
  constructor(serverAddress: string) {
    super();
    this.#serverAddress = serverAddress;
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

  /** Takes in what comes next and returns how many bytes that was. */
  #take(bytes: Buffer): number {
    if (this.#passing > 0) return this.#pass(bytes.subarray(0, this.#passing));
    const isPacket = (this.#begun[0] ?? bytes[0]) === DOLLAR;
    const lineEnd = bytes.indexOf(LINE_FEED) + 1;
    const taken = isPacket ? PACKET_HEAD_BYTES - this.#begun.length : lineEnd || bytes.length;
    const part = bytes.subarray(0, taken);
    const begun = this.#begun.length === 0 ? part : Buffer.concat([this.#begun, part]);
    if (begun.length > MOST_LINE_BYTES) throw new Error('a line that is too long');
    const isComplete = isPacket ? begun.length === PACKET_HEAD_BYTES : lineEnd > 0;
    this.#begun = isComplete ? Buffer.alloc(0) : begun;
    if (isComplete && isPacket) this.#packet(begun);
    if (isComplete && !isPacket) this.#line(begun);
    return part.length;
  }

  #pass(bytes: Buffer): number {
    this.push(bytes);
    this.#passing -= bytes.length;
    return bytes.length;
  }

  #packet(head: Buffer): void {
    this.#passing = head.readUInt16BE(2);
    if (this.#linesOfMessage > 0 || this.#passing < LEAST_PACKET_BYTES) throw new Error('a misplaced packet');
    this.push(head);
  }

  #line(bytes: Buffer): void {
    const line = bytes.toString('latin1').replace(/\r?\n$/, '');
    if (hasControls(line)) throw new Error('a line with control characters');
    if (line === '') return this.#endMessage(bytes);
    if (this.#linesOfMessage++ === 0) {
      if (!REPLY.test(line) && !REQUEST.test(line)) throw new Error('a redirection, or no RTSP');
      this.push(bytes);
    } else {
      this.#header(line, bytes);
    }
  }

  #header(line: string, bytes: Buffer): void {
    // A regular expression with blanks around the name would take the cube of the line's length.
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1);
    switch (name.toLowerCase()) {
      case 'content-length':
        if (!/^content-length: *\d{1,7} *$/i.test(line)) throw new Error('a length that is none');
        this.#bodyBytes = Number(value);
        break;
      case 'location':
        return;
      case 'transport':
        this.push(`Transport:${this.#fromServer(value)}\r\n`, 'latin1');
        return;
    }
    this.push(bytes);
  }

  #endMessage(bytes: Buffer): void {
    this.push(bytes);
    this.#passing = this.#bodyBytes;
    this.#bodyBytes = 0;
    this.#linesOfMessage = 0;
  }

  /** Transports with the server itself as the source of what comes over UDP. */
  #fromServer(transports: string): string {
    return transports
      .split(',')
      .map((transport) => transport.replace(/;\s*source\s*=[^;]*/gi, ''))
      .map((transport) =>
        /server_port/i.test(transport) ? `${transport};source=${this.#serverAddress}` : transport,
      )
      .join(',');
  }
}

/** Whether there is anything but text and tabs. */
function hasControls(line: string): boolean {
  return [...line].some((character) => (character < ' ' && character !== '\t') || character === '\x7f');
}
