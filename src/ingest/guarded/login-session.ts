import { createHash, randomBytes } from 'node:crypto';
import type { Login } from '../network-address.js';

/** What a server asks for in `WWW-Authenticate`. */
interface Challenge {
  readonly scheme: 'basic' | 'digest';
  readonly parameters: ReadonlyMap<string, string>;
}

const algorithms: Readonly<Record<string, string>> = {
  md5: 'md5',
  'md5-sess': 'md5',
  'sha-256': 'sha256',
  'sha-256-sess': 'sha256',
};

/**
 * Logs in to one server by Basic or Digest authentication, as HTTP and RTSP share them.
 * Source: RFC 7616, RFC 7617; RFC 2326 for RTSP, which names the older RFC 2069.
 */
export class LoginSession {
  readonly #login: Login;
  #challenge: Challenge | undefined;
  #requests = 0;

  constructor(login: Login) {
    this.#login = login;
  }

  /**
   * Takes what came with a 401.
   * @param headers the values of `WWW-Authenticate`
   * @param isRepeated whether the refused request had been answered to a challenge before
   * @returns whether the request is worth repeating with the new `authorization()`
   */
  accept(headers: readonly string[], isRepeated: boolean): boolean {
    const challenge = bestOf(headers.flatMap(challengesIn));
    if (challenge === undefined) return false;
    // After a wrong password another try would only help the camera to lock the account.
    if (isRepeated && challenge.parameters.get('stale')?.toLowerCase() !== 'true') return false;
    this.#challenge = challenge;
    this.#requests = 0;
    return true;
  }

  /** The value of `Authorization` for one request; undefined as long as the server has not asked for one. */
  authorization(method: string, uri: string): string | undefined {
    const { user, password } = this.#login;
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic')
      return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return this.#digest(this.#challenge.parameters, method, uri);
  }

  #digest(parameters: Challenge['parameters'], method: string, uri: string): string {
    const { user, password } = this.#login;
    const algorithm = parameters.get('algorithm') ?? 'MD5';
    const hash = (...parts: readonly string[]): string =>
      createHash(algorithms[algorithm.toLowerCase()] ?? 'md5')
        .update(parts.join(':'))
        .digest('hex');
    const [realm, nonce] = [parameters.get('realm') ?? '', parameters.get('nonce') ?? ''];
    const count = (++this.#requests).toString(16).padStart(8, '0');
    const own = randomBytes(8).toString('hex');
    const plain = hash(user, realm, password);
    const secret = /-sess$/i.test(algorithm) ? hash(plain, nonce, own) : plain;
    const asked = hash(method, uri);
    const hasQop = /\bauth\b(?!-)/i.test(parameters.get('qop') ?? '');
    const response = hasQop ? hash(secret, nonce, count, own, 'auth', asked) : hash(secret, nonce, asked);
    const opaque = parameters.get('opaque');
    return [
      `Digest username=${quoted(user)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, uri=${quoted(uri)}`,
      `response="${response}"`,
      ...(parameters.has('algorithm') ? [`algorithm=${algorithm}`] : []),
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(hasQop ? [`qop=auth, nc=${count}, cnonce="${own}"`] : []),
    ].join(', ');
  }
}

/** The strongest that is understood. */
function bestOf(challenges: readonly Challenge[]): Challenge | undefined {
  const digests = challenges.filter(
    ({ scheme, parameters }) =>
      scheme === 'digest' && Object.hasOwn(algorithms, (parameters.get('algorithm') ?? 'MD5').toLowerCase()),
  );
  const isStrong = ({ parameters }: Challenge): boolean =>
    /^sha-256/i.test(parameters.get('algorithm') ?? '');
  return digests.find(isStrong) ?? digests[0] ?? challenges.find(({ scheme }) => scheme === 'basic');
}

/** No challenge is longer; a bound, because the time to take a header apart grows with its square. */
const maxHeaderCharacters = 2000;

/** Takes a header apart, which may hold several challenges. Both parsers give the bytes of a header as Latin-1. */
function challengesIn(bytes: string): Challenge[] {
  const header = Buffer.from(bytes.slice(0, maxHeaderCharacters), 'latin1').toString();
  const starts = [...header.matchAll(/(?:^|,)[ \t]*(basic|digest)(?=[ \t]|$)/gi)];
  return starts.map((start, i) => {
    const text = header.slice(start.index + start[0].length, starts[i + 1]?.index);
    const parameters = [...text.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/g)].map(
      ([, name = '', inQuotes, plain = '']) =>
        [name.toLowerCase(), inQuotes?.replace(/\\(.)/g, '$1') ?? plain] as const,
    );
    const scheme = start[1]?.toLowerCase() === 'digest' ? 'digest' : 'basic';
    return { scheme, parameters: new Map(parameters) };
  });
}

/** Headers are written byte by byte, so the text is turned into UTF-8 here. */
function quoted(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return `"${bytes.replace(/["\\]/g, '\\$&')}"`;
}
