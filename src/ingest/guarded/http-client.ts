import { request, type IncomingMessage } from 'node:http';
import { request as requestEncrypted } from 'node:https';
import { SightlineError } from '../../core/errors.js';
import { authorityOf, readNetworkAddress, type NetworkAddress } from '../network-address.js';
import { connectOptions } from './connect.js';
import { HostSessions } from './host-sessions.js';
import { unreachable } from './local-server.js';
import type { HostPolicy } from './source-policy.js';

/** An answer, and the address that it came from after redirects. */
export interface Answer {
  readonly message: IncomingMessage;
  readonly address: NetworkAddress;
}

export interface GetOptions {
  readonly method?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  /** Gives up when aborted. */
  readonly signal: AbortSignal;
}

const maxRedirects = 10;
const maxLogins = 2;

/** Fetches from the servers of one source: logs in, keeps cookies, follows redirects, and connects to allowed hosts only. */
export class HttpClient {
  readonly #policy: HostPolicy;
  readonly #sessions: HostSessions;

  constructor(source: NetworkAddress, policy: HostPolicy) {
    this.#policy = policy;
    this.#sessions = new HostSessions(source);
  }

  /** @throws SightlineError SOURCE_FORBIDDEN, SOURCE_UNREACHABLE; whatever `signal` was aborted with */
  async get(from: NetworkAddress, options: GetOptions): Promise<Answer> {
    let address = from;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const message = await this.#ask(address, options);
      const location = isRedirect(message) ? message.headers.location : undefined;
      if (location === undefined) return { message, address };
      message.destroy();
      address = resolveAddress(location, address);
    }
    throw new SightlineError(
      'SOURCE_UNREACHABLE',
      `The host ${from.host} answers with one redirect after another.`,
    );
  }

  /** Asks a server, again with a login when it wants one. */
  async #ask(address: NetworkAddress, options: GetOptions): Promise<IncomingMessage> {
    this.#sessions.learn(address);
    const session = this.#sessions.of(address);
    for (let logins = 0; ; logins++) {
      const message = await this.#askOnce(address, options);
      session.keepCookies(message.headers['set-cookie']);
      const isRefused = message.statusCode === 401 && logins < maxLogins;
      if (!isRefused || !session.accept(message.headers['www-authenticate'], logins > 0)) return message;
      message.destroy();
    }
  }

  async #askOnce(
    address: NetworkAddress,
    { method = 'GET', headers = [], signal }: GetOptions,
  ): Promise<IncomingMessage> {
    const own = this.#sessions.of(address).headers(method, address);
    const send = address.isEncrypted ? requestEncrypted : request;
    const outgoing = send({
      ...(await connectOptions(address, this.#policy)),
      method,
      path: encodedTarget(address),
      headers: [...headers, ...own],
      setHost: false,
      agent: false,
      // Some cameras violate the HTTP grammar.
      insecureHTTPParser: true,
      signal,
    });
    return new Promise((resolve, reject) => {
      outgoing.once('response', (message) => {
        message.on('error', () => undefined);
        resolve(message);
      });
      outgoing.once('error', (error) => reject(signal.aborted ? error : unreachable(address, error)));
      outgoing.end();
    });
  }
}

/**
 * Reads an address as it stands in a redirect or a playlist of another.
 * @throws SightlineError SOURCE_FORBIDDEN when it leads away from HTTP
 */
export function resolveAddress(text: string, from: NetworkAddress): NetworkAddress {
  const base = `${from.scheme}://${authorityOf(from)}${encodedTarget(from)}`;
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return readNetworkAddress(url.href);
  throw new SightlineError(
    'SOURCE_FORBIDDEN',
    `Expected ${from.host} to lead to an http:// or https:// URL but it leads to ${url?.protocol ?? 'an invalid URL'}.`,
  );
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode);
}

/** What cannot stand in a request line is encoded; everything else stays as it is, because cameras are particular. */
function encodedTarget({ target }: Pick<NetworkAddress, 'target'>): string {
  const encoded = target.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  return encoded.startsWith('/') ? encoded : `/${encoded}`;
}
