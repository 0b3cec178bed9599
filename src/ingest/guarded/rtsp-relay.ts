import { pipeline } from 'node:stream';
import type { Socket } from 'node:net';
import { SightlineError } from '../../core/errors.js';
import { authorityOf, readNetworkAddress, type NetworkAddress } from '../network-address.js';
import { connectTo } from './connect.js';
import { listenLocally, type LocalServer } from './local-server.js';
import { LoginSession } from './login-session.js';
import { RtspStream, headerName, headersOf, type RtspHead } from './rtsp-stream.js';
import type { HostPolicy } from './source-policy.js';

/** What the relay calls the stream; ffmpeg learns neither the camera's path nor its query, which may hold a password. */
const relayedPath = '/source';

/**
 * A relay between ffmpeg and an RTSP server. It looks the host name up, connects only to an allowed address, logs in, and
 * passes nothing on that would send ffmpeg elsewhere. It speaks TLS to the server where the URL says so, plain RTSP to
 * ffmpeg.
 *
 * @param onFailure called with the reason when there is no connection
 */
export function openRtspRelay(
  address: NetworkAddress,
  policy: HostPolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  const course: Course = { address, redirects: 0 };
  return listenLocally((client) => {
    void relay(client, course, policy).catch((error: unknown) => {
      client.destroy();
      if (error instanceof SightlineError) onFailure(error);
    });
  });
}

/** Where the next connection goes: ffmpeg has one at a time, and makes another when it is redirected. */
interface Course {
  address: NetworkAddress;
  redirects: number;
}

const maxRedirects = 5;

async function relay(client: Socket, course: Course, policy: HostPolicy): Promise<void> {
  const { address } = course;
  const server = await connectTo(address, policy);
  if (client.destroyed) return void server.destroy();
  const conversation = new RtspConversation({
    address,
    localUrl: `rtsp://127.0.0.1:${client.localPort ?? 0}${localPath(address)}`,
    serverAddress: server.remoteAddress ?? '',
    onRedirect: (location) => {
      if (++course.redirects > maxRedirects) throw new Error('one redirect after another');
      course.address = redirected(location, address);
      return `rtsp://127.0.0.1:${client.localPort ?? 0}${localPath(course.address)}`;
    },
  });
  await new Promise<void>((resolve, reject) => {
    conversation.replies.once('error', (error) => reject(forbidden(address, error)));
    pipeline(client, conversation.requests, server, () => undefined);
    pipeline(server, conversation.replies, client, () => {
      server.destroy();
      client.destroy();
      resolve();
    });
  });
}

function redirected(location: string, from: NetworkAddress): NetworkAddress {
  const to = readNetworkAddress(location);
  if (!to.scheme.startsWith('rtsp')) throw new Error(`a redirect to ${to.scheme}://`);
  // A login is for the host that it was given for.
  const isSame = to.host === from.host && to.port === from.port && to.scheme === from.scheme;
  return { ...to, login: to.login ?? (isSame ? from.login : null) };
}

function forbidden({ host, port }: NetworkAddress, error: Error): SightlineError | Error {
  // Errors with a code come from a socket, not from the parser.
  if ('code' in error) return error;
  return new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected RTSP from ${host} port ${port} but received ${error.message}, which is not allowed.`,
  );
}

const replyLine = /^RTSP\/1\.\d [1-5]\d\d( |$)/;
const requestLine = /^[A-Z_]+ \S+ RTSP\/1\.\d$/;

/** A request that waits for its reply. */
interface Asked {
  readonly head: RtspHead;
  /** The number that ffmpeg gave it. */
  readonly number: string;
  /** How often it was sent with a login. */
  readonly logins: number;
}

export interface ConversationOptions {
  readonly address: NetworkAddress;
  /** What ffmpeg calls the stream. */
  readonly localUrl: string;
  /** The only address that media may come from over UDP. */
  readonly serverAddress: string;
  /**
   * Called when the camera sends ffmpeg elsewhere; gives the place for ffmpeg to go.
   * @throws when that is not allowed
   */
  readonly onRedirect: (location: string) => string;
}

/**
 * Both directions of one connection. Requests get the camera's own address and a login. Replies lose what would send
 * ffmpeg elsewhere: it follows every redirect and sends packets to any address that a `Transport` header names as the
 * source of the media. A reply that asks for a login is answered here.
 */
export class RtspConversation {
  /** From ffmpeg to the camera. */
  readonly requests = new RtspStream({ onHead: (head) => this.#request(head) });
  /** From the camera to ffmpeg. */
  readonly replies = new RtspStream({ onHead: (head) => this.#reply(head) });
  readonly #options: ConversationOptions;
  readonly #realUrl: string;
  readonly #login: LoginSession | undefined;
  readonly #asked = new Map<string, Asked>();
  #lastNumber = 0;

  constructor(options: ConversationOptions) {
    const { address } = options;
    this.#options = options;
    this.#realUrl = `${address.scheme}://${authorityOf(address)}${asciiOnly(address.target)}`;
    this.#login = address.login === null ? undefined : new LoginSession(address.login);
  }

  #request(head: RtspHead): RtspHead {
    const [first = '', ...headers] = head;
    // ffmpeg also answers requests of the camera.
    if (!requestLine.test(first)) return head;
    const [method = '', uri = '', version = ''] = first.split(' ');
    const { localUrl } = this.#options;
    const real = uri.startsWith(localUrl) ? this.#realUrl + uri.slice(localUrl.length) : uri;
    return this.#numbered({
      head: [`${method} ${real} ${version}`, ...headers],
      number: headersOf(head, 'cseq')[0] ?? '',
      logins: 0,
    });
  }

  /** A request as it is sent: with a number of the relay's own, because a repeated one needs a new number. */
  #numbered(asked: Asked): RtspHead {
    const [first = '', ...headers] = asked.head;
    const [method = '', uri = ''] = first.split(' ');
    const number = String(++this.#lastNumber);
    const authorization = this.#login?.authorization(method, uri);
    this.#asked.set(number, { ...asked, logins: asked.logins + (authorization === undefined ? 0 : 1) });
    // A camera that never answers some requests must not fill the memory.
    if (this.#asked.size > maxAsked) this.#asked.delete(this.#asked.keys().next().value ?? '');
    return [
      first,
      ...headers.map((line) => (headerName(line) === 'cseq' ? `CSeq: ${number}` : line)),
      ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ];
  }

  #reply(head: RtspHead): RtspHead | undefined {
    const [first = ''] = head;
    if (requestLine.test(first)) return head;
    if (!replyLine.test(first)) throw new Error('something other than RTSP');
    const number = headersOf(head, 'cseq')[0] ?? '';
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    if (asked !== undefined && / 401( |$)/.test(first) && this.#isWorthALogin(head, asked)) {
      this.requests.inject(this.#numbered(asked));
      return undefined;
    }
    const location = / 3\d\d( |$)/.test(first) ? this.#redirect(head) : [];
    return [...this.#forFfmpeg(head, asked), ...location];
  }

  #redirect(head: RtspHead): string[] {
    const [location] = headersOf(head, 'location');
    if (location === undefined) throw new Error('a redirect to nowhere');
    return [`Location: ${this.#options.onRedirect(location)}`];
  }

  #forFfmpeg(head: RtspHead, asked: Asked | undefined): string[] {
    return head.flatMap((line, i) => {
      const name = i === 0 ? '' : headerName(line);
      if (name === 'location') return [];
      if (name === 'cseq' && asked !== undefined) return [`CSeq: ${asked.number}`];
      return [
        name === 'transport' ? `Transport:${this.#fromServer(line.slice(line.indexOf(':') + 1))}` : line,
      ];
    });
  }

  #isWorthALogin(head: RtspHead, asked: Asked): boolean {
    if (
      this.#login === undefined ||
      asked.logins >= maxLogins ||
      headersOf(asked.head, 'content-length').length > 0
    )
      return false;
    return this.#login.accept(headersOf(head, 'www-authenticate'), asked.logins > 0);
  }

  /** The transports, with the server itself as the source of what comes over UDP. */
  #fromServer(transports: string): string {
    return transports
      .split(',')
      .map((transport) => transport.replace(/;\s*source\s*=[^;]*/gi, ''))
      .map((transport) =>
        /server_port/i.test(transport) ? `${transport};source=${this.#options.serverAddress}` : transport,
      )
      .join(',');
  }
}

const maxAsked = 100;
/** With an answer to the first challenge, and with one to a newer number after that. */
const maxLogins = 2;

/** The path for ffmpeg, which ends like the camera's own: ffmpeg appends the name of a track accordingly. */
export function localPath({ target }: Pick<NetworkAddress, 'target'>): string {
  return target.endsWith('/') ? `${relayedPath}/` : relayedPath;
}

/** A request line is ASCII. */
function asciiOnly(target: string): string {
  return target.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
