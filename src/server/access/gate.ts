import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SightlineError } from '../../core/errors.js';
import { isLoopback, parseHost } from './host-names.js';

/** The cookie that carries the token of a browser. */
export const tokenCookie = {
  name: 'sightline_token',
  options: { httpOnly: true, sameSite: 'strict', path: '/', maxAge: 30 * 24 * 3600 },
} as const;

export interface GateOptions {
  /** null on a loopback address only. */
  readonly token: string | null;
  readonly parseCookie: (header: string) => Readonly<Record<string, string | undefined>>;
}

/** Decides which requests may pass; the same for HTTP and WebSockets. */
export class Gate {
  readonly #tokenDigest: Buffer | null;
  readonly #checksHost: boolean;
  readonly #parseCookie: GateOptions['parseCookie'];

  constructor({ token, parseCookie }: GateOptions) {
    this.#tokenDigest = token === null ? null : digest(token);
    this.#checksHost = token === null;
    this.#parseCookie = parseCookie;
  }

  /**
   * Without a token anybody on this machine may ask, and so may any page open in its browser under a name that was
   * made to resolve to loopback (DNS rebinding): the Host header gives such a page away.
   * @throws SightlineError FORBIDDEN_ORIGIN
   */
  checkHost(headers: IncomingHttpHeaders): void {
    if (!this.#checksHost) return;
    const host = parseHost(headers.host);
    if (host !== null && isLoopback(host.hostname)) return;
    throw new SightlineError(
      'FORBIDDEN_ORIGIN',
      `Expected the host localhost, 127.0.0.1 or [::1] but received ${quote(headers.host)}.`,
    );
  }

  /** @throws SightlineError UNAUTHORIZED when a token is needed and none, or a wrong one, came */
  checkToken(headers: IncomingHttpHeaders): void {
    if (this.#tokenDigest === null) return;
    const offered = this.#credentials(headers);
    if (offered.some((token) => this.accepts(token))) return;
    const received = offered.length === 0 ? 'none' : 'a wrong one';
    throw new SightlineError('UNAUTHORIZED', `Expected the token of this server but received ${received}.`);
  }

  /**
   * Browsers let any page open a WebSocket to anywhere, cookies included, and only say from where it came.
   * @throws SightlineError FORBIDDEN_ORIGIN when a page of another origin asks
   */
  checkOrigin(headers: IncomingHttpHeaders): void {
    const { origin } = headers;
    if (origin === undefined) return;
    const host = parseHost(headers.host)?.host;
    if (host !== undefined && URL.canParse(origin) && new URL(origin).host === host) return;
    throw new SightlineError(
      'FORBIDDEN_ORIGIN',
      `Expected an origin on ${quote(headers.host)} but received ${quote(origin)}.`,
    );
  }

  /** Whether this is the token; takes the same time wherever it differs. True for anything when none is needed. */
  accepts(token: string): boolean {
    return this.#tokenDigest === null || timingSafeEqual(digest(token), this.#tokenDigest);
  }

  /** Every token that a request offers, in any of the forms. */
  #credentials(headers: IncomingHttpHeaders): string[] {
    const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    const key = headers['x-api-key'];
    const cookie = this.#parseCookie(headers.cookie ?? '')[tokenCookie.name];
    return [bearer, typeof key === 'string' ? key : undefined, cookie].filter((token) => token !== undefined);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function quote(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
