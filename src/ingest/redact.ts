/** The beginning of a URL, plain or percent-encoded inside another URL, as media gateways accept it. */
const schemeStart = /[a-z][a-z0-9+.-]{0,20}:\/+/i;
const encodedSchemeStart = /[a-z][a-z0-9+.-]{0,20}%3a%2f%2f/i;
/** `?user=…&password=…`, and the path form `/user=…_password=…_channel=1` of some cameras. */
const credentialParameter =
  /((?:user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth|secret|(?:api|access)[_-]?key|key)(?:=|%3d))[^\s&]+/gi;

const hiddenMark = '***';

/**
 * Returns `text` without the user names and passwords of its URLs. It errs on the side of hiding too much: camera
 * passwords often contain an unescaped `/`, `?`, `#` or `@`, so everything between `scheme://` and the last `@` of a run
 * without white space is hidden. The time is linear in the length of the text.
 */
export function redact(text: string): string {
  return text
    .replace(/\S+/g, (run) => withoutLogin(withoutLogin(run, schemeStart, '@'), encodedSchemeStart, '%40'))
    .replace(credentialParameter, `$1${hiddenMark}`);
}

/** Hides what stands between the first scheme and the last `at` of a run of characters. */
function withoutLogin(run: string, scheme: RegExp, at: string): string {
  const end = run.lastIndexOf(at);
  const found = end === -1 ? null : scheme.exec(run.slice(0, end));
  if (found === null) return run;
  return `${run.slice(0, found.index + found[0].length)}${hiddenMark}${run.slice(end)}`;
}

/**
 * Returns one source string without its credentials. The whole text is known to be one source, so spaces do not end it,
 * and `user:password@host` is hidden even when the scheme was forgotten.
 */
export function redactUrl(source: string): string {
  // These have no credentials, although `test:1280x720@25` looks as if it had.
  if (/^(test|webcam):/i.test(source)) return source;
  const at = source.lastIndexOf('@');
  if (at === -1 || !source.slice(0, at).includes(':')) return redact(source);
  const scheme = /^[a-z][a-z0-9+.-]*:\/+/i.exec(source)?.[0] ?? '';
  return redact(`${scheme}${hiddenMark}${source.slice(at)}`);
}
