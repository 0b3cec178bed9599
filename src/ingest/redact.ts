/**
 * Removes credentials. It would rather hide too much than too little: camera passwords often hold `/`, `?`, `#` or `@`
 * unescaped, so everything between `scheme://` and the last `@` of an unbroken run of characters goes.
 */
const USER_INFO = /([a-z][a-z0-9+.-]{0,20}:\/+)\S*@/gi;
/** The same for a URL that was percent-encoded into another one, as media gateways take it. */
const ENCODED_USER_INFO = /([a-z][a-z0-9+.-]{0,20}%3a%2f%2f)\S*%40/gi;
/** `?user=…&password=…`, and the path form `/user=…_password=…_channel=1` of some cameras. */
const CREDENTIAL_PARAMETER =
  /((?:user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth|secret|(?:api|access)[_-]?key|key)(?:=|%3d))[^\s&]+/gi;

const HIDDEN = '***';

/** `text` without the user names and passwords of the URLs in it. */
export function redact(text: string): string {
  return text
    .replace(USER_INFO, `$1${HIDDEN}@`)
    .replace(ENCODED_USER_INFO, `$1${HIDDEN}%40`)
    .replace(CREDENTIAL_PARAMETER, `$1${HIDDEN}`);
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
