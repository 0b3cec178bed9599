import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import type { AccessToken } from '../../core/roles.js';
import { anybodyHere, type Caller } from './caller.js';
import { isLoopback, parseHost } from './host-names.js';
import { Limits, type LimitOptions } from './rate-limits.js';
import { digest, Tickets } from './tickets.js';

/** The cookie that carries a browser's token. */
export const tokenCookie = {
  name: 'sightline_token',
  options: { httpOnly: true, sameSite: 'strict', path: '/', maxAge: 30 * 24 * 3600 },
} as const;

export interface GateOptions {
  /** When empty, no token is needed; that is allowed on a loopback address only. */
  readonly tokens: readonly AccessToken[];
  /** Other origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  readonly limits: LimitOptions;
  readonly parseCookie: (header: string) => Readonly<Record<string, string | undefined>>;
  /** Called with the remote address of a request whose token is wrong; not for more of them than may be tried. */
  readonly onWrongToken: (address: string) => void;
}

/** The parts of a request that the gate looks at. */
export interface Visit {
  readonly headers: IncomingHttpHeaders;
  /** The remote address. */
  readonly address: string;
  /** A token that came in the path instead of a header. */
  readonly token?: string | undefined;
  readonly ticket?: string | undefined;
}

/** Decides which requests may pass and who sent them, for HTTP and WebSockets alike. */
export class Gate {
  readonly tickets = new Tickets();
  readonly #tokens: readonly { readonly digest: Buffer; readonly caller: Caller }[];
  readonly #origins: ReadonlySet<string>;
  readonly #limits: Limits;
  readonly #parseCookie: GateOptions['parseCookie'];
  readonly #onWrongToken: GateOptions['onWrongToken'];

  constructor({ tokens, corsOrigins, limits, parseCookie, onWrongToken }: GateOptions) {
    this.#onWrongToken = onWrongToken;
    this.#tokens = tokens.map(({ name, token, role }) => ({ digest: digest(token), caller: { name, role } }));
    this.#origins = new Set(corsOrigins);
    this.#limits = new Limits(limits);
    this.#parseCookie = parseCookie;
  }

  /**
   * Without tokens anybody on this machine may use the server, and so could a page in its browser whose host name was
   * made to resolve to loopback (DNS rebinding). The Host header reveals such a page.
   * @throws SightlineError FORBIDDEN_ORIGIN
   */
  checkHost(headers: IncomingHttpHeaders): void {
    if (this.#tokens.length > 0) return;
    const host = parseHost(headers.host);
    if (host !== null && isLoopback(host.hostname)) return;
    throw new SightlineError(
      'FORBIDDEN_ORIGIN',
      `Expected localhost, 127.0.0.1 or [::1] in the header Host but received ${shown(headers.host)}.`,
    );
  }

  /**
   * Browsers let any page open a WebSocket to any server and send simple requests that change something; they only state
   * the page's origin.
   * @throws SightlineError FORBIDDEN_ORIGIN for a page whose origin is neither this server's nor an allowed one
   */
  checkOrigin(headers: IncomingHttpHeaders): void {
    const { origin } = headers;
    if (origin === undefined) return checkSite(headers);
    const host = parseHost(headers.host)?.host;
    if (host !== undefined && URL.canParse(origin) && new URL(origin).host === host) return;
    if (this.allowsOrigin(origin)) return;
    throw new SightlineError(
      'FORBIDDEN_ORIGIN',
      `Expected an origin on ${shown(headers.host)} but received ${shown(origin)}.`,
    );
  }

  /** Whether the pages of another origin may use the API. */
  allowsOrigin(origin: string | undefined): boolean {
    return origin !== undefined && this.#origins.has(origin);
  }

  /**
   * Identifies the caller by a token in any of its forms or by a ticket, and counts the request.
   * @throws SightlineError UNAUTHORIZED when a token is needed but missing or wrong; RATE_LIMITED
   */
  admit({ address, headers, token, ticket }: Visit): Promise<Caller> {
    const tokens = [...this.#tokensIn(headers), ...(token === undefined ? [] : [token])];
    const caller = ticket === undefined ? undefined : this.tickets.redeem(ticket);
    return this.#admit(address, caller ?? this.#callerOf(tokens), tokens.length > 0 || ticket !== undefined);
  }

  /** Like `admit`, but by this token only. */
  admitWith(token: string, address: string): Promise<Caller> {
    return this.#admit(address, this.#callerOf([token]), true);
  }

  async #admit(address: string, caller: Caller | undefined, isTried: boolean): Promise<Caller> {
    await this.#limits.countRequest(address, caller);
    if (isTried) await this.#limits.countTry(address, caller);
    if (caller !== undefined) return caller;
    if (isTried) this.#onWrongToken(address);
    const received = isTried ? 'a wrong one' : 'none';
    throw new SightlineError('UNAUTHORIZED', `Expected a token of this server but received ${received}.`);
  }

  /** The caller whose token was offered. Every pair is compared, so that the time reveals nothing. */
  #callerOf(offered: readonly string[]): Caller | undefined {
    if (this.#tokens.length === 0) return anybodyHere;
    let found: Caller | undefined;
    for (const token of offered.map(digest)) {
      for (const known of this.#tokens) {
        if (timingSafeEqual(token, known.digest)) found ??= known.caller;
      }
    }
    return found;
  }

  /** Every token in a request's headers, in any of its forms. */
  #tokensIn(headers: IncomingHttpHeaders): string[] {
    const { authorization = '', cookie = '', 'x-api-key': key } = headers;
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    return [
      bearer,
      passwordIn(authorization),
      typeof key === 'string' ? key : undefined,
      this.#parseCookie(cookie)[tokenCookie.name],
    ].filter((token) => token !== undefined);
  }
}

/** The password of HTTP Basic authentication (RFC 7617); whatever the user is called, it stands for a token. */
function passwordIn(authorization: string): string | undefined {
  const credentials = /^Basic +(\S+) *$/i.exec(authorization)?.[1];
  if (credentials === undefined) return undefined;
  return /^[^:]*:([^]*)$/.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}

/** Checks browsers that leave out the Origin header. */
function checkSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return;
  throw new SightlineError('FORBIDDEN_ORIGIN', `Expected a page of this server but received a ${site} one.`);
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : quote(value);
}
