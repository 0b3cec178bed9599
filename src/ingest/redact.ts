import { percentDecoded, readUrl } from './url-parts.js';

const hiddenMark = '***';
/** A URL inside a text ends at white space: whatever else follows may belong to a password. */
const urlInText = /[a-z][a-z0-9+.-]{0,20}:\/+\S*/gi;
/** A URL that is percent-encoded inside another text, as media gateways accept it. */
const encodedUrl = /([a-z][a-z0-9+.-]{0,20}%3a%2f%2f)\S*/gi;
/** A part of a path that says what something is, such as `/admin:secret/` and `/user=admin_password=secret/`. */
const saidInPath = /[:=@].|%3a|%3d|%40/i;
/** Shorter ones cannot be searched for in a text: they stand in every other word. */
const minSecretLength = 4;

/**
 * Returns `text` with only scheme, host and path of each URL. It knows no list of shapes that secrets have: a user name, a
 * query and everything else in which one could stand is hidden, whatever its name. The time is linear in the length.
 */
export function redact(text: string): string {
  return text.replace(urlInText, shownUrl).replace(encodedUrl, `$1${hiddenMark}`);
}

/**
 * Returns one source string with only scheme, host and path. The whole text is known to be one source, so spaces do not
 * end it, and `user:password@host` is hidden even when the scheme was forgotten.
 */
export function redactUrl(source: string): string {
  // These have no credentials, although `test:1280x720@25` looks as if it had.
  if (/^(test|webcam|file):/i.test(source)) return source;
  if (/^[a-z][a-z0-9+.-]*:\/+/i.test(source)) return shownUrl(source);
  const at = source.lastIndexOf('@');
  if (at === -1 || !source.slice(0, at).includes(':')) return source;
  const [parts, other] = readUrl(`x://${source}`);
  return parts?.login == null || other !== undefined
    ? hiddenMark
    : `${hiddenMark}@${parts.host}${shownTarget(parts.target)}`;
}

function shownUrl(url: string): string {
  if (/^file:/i.test(url)) return url;
  const [parts, other] = readUrl(url);
  const withoutMarks = url.replace(/[)'"\],.:;>]+$/, '');
  if (parts === undefined && withoutMarks !== url)
    return shownUrl(withoutMarks) + url.slice(withoutMarks.length);
  // Where the host may be part of a password, nothing can be shown.
  if (parts === undefined || other !== undefined) return url.replace(/^([^:]*:\/+).*$/s, `$1${hiddenMark}`);
  const login = parts.login === null ? '' : `${hiddenMark}@`;
  return `${parts.start}${login}${parts.host}${shownTarget(parts.target)}`;
}

function shownTarget(target: string): string {
  const end = target.search(/[?#]/);
  const path = end === -1 ? target : target.slice(0, end);
  const shown = path.split('/').map((part) => (saidInPath.test(part) ? hiddenMark : part));
  return shown.join('/') + (end === -1 ? '' : `${target.charAt(end)}${hiddenMark}`);
}

/** The secrets of one source, to be searched for in what others say. */
export interface SourceSecrets {
  /** User name and password, in every spelling in which they are sent. */
  readonly login: readonly string[];
  /** Everything that `redactUrl` hides. */
  readonly all: readonly string[];
}

/** Gets the secrets of a source string, whether or not it is valid. */
export function secretsOf(source: string): SourceSecrets {
  const readings = readUrl(source);
  const logins = readings.flatMap(({ login }) => (login === null ? [] : [login]));
  const login = logins.flatMap((text) => {
    const colon = text.indexOf(':');
    const password = colon === -1 ? '' : text.slice(colon + 1);
    return [
      ...spellings(password),
      ...[text, percentDecoded(text)].map((both) => Buffer.from(both).toString('base64')),
    ];
  });
  const said = readings.flatMap(({ target }) => {
    const [path = '', ...query] = target.split(/[?#&;]/);
    const values = query.map((parameter) => parameter.slice(parameter.indexOf('=') + 1));
    return [...values, ...path.split('/').filter((part) => saidInPath.test(part))].flatMap(spellings);
  });
  return { login: longEnough(login), all: longEnough([...login, ...said]) };
}

function spellings(text: string): string[] {
  const plain = percentDecoded(text);
  return [text, plain, encodeURIComponent(plain.replace(/\p{Surrogate}/gu, ''))];
}

function longEnough(texts: readonly string[]): readonly string[] {
  // The longest first, because one may be part of another.
  return [...new Set(texts)]
    .filter(({ length }) => length >= minSecretLength)
    .toSorted((a, b) => b.length - a.length);
}

/** Hides each secret wherever it stands in a text. */
export function scrub(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, hiddenMark), text);
}

/** The logins of all cameras, to be hidden in whatever is logged. */
export class KnownSecrets {
  readonly #byCamera = new Map<string, readonly string[]>();

  /** Replaces what is known of one camera. */
  know(cameraId: string, sources: readonly string[]): void {
    this.#byCamera.set(
      cameraId,
      sources.flatMap((source) => secretsOf(source).login),
    );
  }

  /** `redact`, and without the logins that are known. */
  redact(text: string): string {
    return redact(scrub(text, [...this.#byCamera.values()].flat()));
  }
}
