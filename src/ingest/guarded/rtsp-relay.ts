import { connect, isIP, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SightlineError } from '../../core/errors.js';
import { listenLocally, unreachable, type LocalServer } from './local-server.js';
import type { CheckedAddress, SourcePolicy, Target } from './source-policy.js';

/**
 * A relay between ffmpeg and an RTSP server. It looks the host name up, connects only to the checked address, and passes
 * nothing on that would send ffmpeg elsewhere. It speaks TLS to the server where the URL says so, plain RTSP to ffmpeg.
 *
 * @param onFailure called with the reason when there is no connection
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
    // Once connected, ffmpeg itself sees what goes wrong.
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
  // Cameras have self-signed certificates; ffmpeg does not verify them either.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host: address, port, rejectUnauthorized: false, ...name });
}

function forbidden({ host, port }: Target, error: Error): SightlineError | Error {
  // Errors with a code come from a socket, not from the filter.
  if ('code' in error) return error;
  return new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected RTSP from ${host} port ${port} but received ${error.message}, which is not allowed.`,
  );
}

/** ffmpeg truncates longer lines, and so would read them differently from this filter. */
const maxLineBytes = 4000;
const lineFeed = 0x0a;
/** The first byte of an RTP or RTCP packet between the messages. */
const dollar = 0x24;
const packetHeadBytes = 4;
/** After the header of a smaller packet, ffmpeg reads what follows as a message. */
const minPacketBytes = 8;

const replyLine = /^RTSP\/1\.\d [1245]\d\d( |$)/;
const requestLine = /^[A-Z_]+ \S+ RTSP\/1\.\d$/;

/**
 * Passes on what an RTSP server sends, except what would send ffmpeg elsewhere: ffmpeg follows every redirect, and sends
 * packets to any address that a `Transport` header names as the source of the media. It parses messages the way ffmpeg
 * does (libavformat, rtsp.c, `ff_rtsp_read_reply`) and fails on anything that the two might understand differently.
 */
export class RtspFilter extends Transform {
  readonly #serverAddress: string;
  /** The part received so far of a line or of a packet's header. */
  #begun: Buffer = Buffer.alloc(0);
  /** Remaining bytes of a packet or a body, which are passed on unchanged. */
  #passing = 0;
  #linesOfMessage = 0;
  #bodyBytes = 0;

  /** @param serverAddress the only address that media may come from over UDP */
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

  /** Consumes the next line, packet header or part of a body; returns the number of bytes. */
  #take(bytes: Buffer): number {
    if (this.#passing > 0) return this.#pass(bytes.subarray(0, this.#passing));
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

  #pass(bytes: Buffer): number {
    this.push(bytes);
    this.#passing -= bytes.length;
    return bytes.length;
  }

  #packet(head: Buffer): void {
    this.#passing = head.readUInt16BE(2);
    if (this.#linesOfMessage > 0 || this.#passing < minPacketBytes) throw new Error('a misplaced packet');
    this.push(head);
  }

  #line(bytes: Buffer): void {
    const line = bytes.toString('latin1').replace(/\r?\n$/, '');
    if (hasControls(line)) throw new Error('a line with control characters');
    if (line === '') return this.#endMessage(bytes);
    if (this.#linesOfMessage++ === 0) {
      if (!replyLine.test(line) && !requestLine.test(line))
        throw new Error('a redirect, or something other than RTSP');
      this.push(bytes);
    } else {
      this.#header(line, bytes);
    }
  }

  #header(line: string, bytes: Buffer): void {
    // A regular expression that allows blanks around the name would take cubic time.
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1);
    switch (name.toLowerCase()) {
      case 'content-length':
        if (!/^content-length: *\d{1,7} *$/i.test(line)) throw new Error('an invalid Content-Length');
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

  /** The transports, with the server itself as the source of what comes over UDP. */
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

/** Whether there are control characters other than tabs. */
function hasControls(line: string): boolean {
  return [...line].some((character) => (character < ' ' && character !== '\t') || character === '\x7f');
}
