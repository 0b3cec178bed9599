/** The beginning of a URL, and the same where it was percent-encoded into another one, as media gateways take it. */
const SCHEME = /[a-z][a-z0-9+.-]{0,20}:\/+/i;
const ENCODED_SCHEME = /[a-z][a-z0-9+.-]{0,20}%3a%2f%2f/i;
/** `?user=…&password=…`, and the path form `/user=…_password=…_channel=1` of some cameras. */
const CREDENTIAL_PARAMETER =
  /((?:user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth|secret|(?:api|access)[_-]?key|key)(?:=|%3d))[^\s&]+/gi;

const HIDDEN = '***';

/**
 * `text` without the user names and passwords of the URLs in it. It would rather hide too much than too little: camera
 * passwords often hold `/`, `?`, `#` or `@` unescaped, so everything between `scheme://` and the last `@` of an unbroken
 * run of characters goes. The time grows with the length of the text alone.
 */
export function redact(text: string): string {
  return text
    .replace(/\S+/g, (run) => withoutLogin(withoutLogin(run, SCHEME, '@'), ENCODED_SCHEME, '%40'))
    .replace(CREDENTIAL_PARAMETER, `$1${HIDDEN}`);
}

/** A run of characters without what stands between its first scheme and its last `at`. */
function withoutLogin(run: string, scheme: RegExp, at: string): string {
  const end = run.lastIndexOf(at);
  const found = end === -1 ? null : scheme.exec(run.slice(0, end));
  if (found === null) return run;
  return `${run.slice(0, found.index + found[0].length)}${HIDDEN}${run.slice(end)}`;
}

/**
 * One source string without its credentials. As the whole text is known to be one source, spaces do not end it, and
 * `user:password@host` is hidden even where the scheme was forgotten.
 */
export function redactUrl(source: string): string {
  // Neither has credentials, and `test:1280x720@25` only looks as if it had.
  if (/^(test|webcam):/i.test(source)) return source;
  const at = source.lastIndexOf('@');
  if (at === -1 || !source.slice(0, at).includes(':')) return redact(source);
  const scheme = /^[a-z][a-z0-9+.-]*:\/+/i.exec(source)?.[0] ?? '';
  return redact(`${scheme}${HIDDEN}${source.slice(at)}`);
}
