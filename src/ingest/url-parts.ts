/** The parts of a URL as they were written. */
export interface UrlParts {
  /** Such as `rtsp://`. */
  readonly start: string;
  /** What stands before the `@` in front of the host; null when there is no `@`. */
  readonly login: string | null;
  /** Host and port; an IPv6 address in brackets. */
  readonly host: string;
  /** Path, query and fragment. */
  readonly target: string;
}

const urlStart = /^[a-z][a-z0-9+.-]*:\/+/i;
const hostAndPort = /^(?:\[[\da-f:.]+(?:%[\w.-]+)?\]|[^\s:@/?#[\]\\]+)(?::\d{1,5})?$/i;

/**
 * Takes a URL apart in every way that makes sense. People write passwords with `@`, `/`, `?` and `#` as they are, so the
 * host may begin after any `@`, or at the beginning. A reading makes sense when a host stands there, when a user name
 * before it holds none of these characters, and when no `#` follows, which no camera's address has.
 *
 * @returns no parts for text that is no URL, one for a plain one, and several for one that is ambiguous
 */
export function readUrl(text: string): readonly UrlParts[] {
  const start = urlStart.exec(text)?.[0];
  if (start === undefined) return [];
  const rest = text.slice(start.length);
  const begins = [0, ...[...rest.matchAll(/@/g)].map(({ index }) => index + 1)];
  return begins.flatMap((begin) => {
    const host = /^[^/?#]*/.exec(rest.slice(begin))?.[0] ?? '';
    const login = begin === 0 ? null : rest.slice(0, begin - 1);
    const target = rest.slice(begin + host.length);
    const isSense =
      hostAndPort.test(host) && mayBeLogin(login) && (begins.length === 1 || !target.includes('#'));
    return isSense ? [{ start, login, host, target }] : [];
  });
}

function mayBeLogin(login: string | null): boolean {
  if (login === null || !/[/?#]/.test(login)) return true;
  const colon = login.indexOf(':');
  return colon !== -1 && !/[/?#]/.test(login.slice(0, colon));
}

/** Reads `%40` as `@`; a percent sign that begins no such sequence stands for itself. */
export function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}
