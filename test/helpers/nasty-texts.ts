/** Texts and values that cost whoever does not read them in one pass; each at most `bytes` of UTF-8. */
export function nastyTexts(bytes: number): Readonly<Record<string, string>> {
  const repeat = (unit: string, head = ''): string =>
    head + unit.repeat(Math.floor((bytes - head.length) / Buffer.byteLength(unit)));
  return {
    'white space': repeat(' '),
    lines: repeat('A\n'),
    letters: repeat('A'),
    padding: repeat('='),
    'padding before a letter': `${repeat('=').slice(1)}A`,
    schemes: repeat('a:/'),
    'slashes after a scheme': repeat('/', 'a:'),
    'encoded schemes': repeat('a%3a%2f%2f'),
    ats: repeat('@', 'rtsp://'),
    brackets: repeat(']'),
    escapes: repeat('"'),
    'combining marks': repeat('\u0300\u0316', 'a'),
    'a host in another script': `http://${Array.from({ length: Math.min(20_000, Math.floor((bytes - 8) / 3)) }, (_, i) => String.fromCharCode(0x4e00 + i)).join('')}/`,
    'a data: URL without an end': repeat('A', 'data:'),
    credentials: repeat('key='),
    emoji: repeat('\u{1F9D1}'),
  };
}

/** Bodies of JSON that are costly by their form, as text of at most `bytes`. */
export function nastyJson(bytes: number): Readonly<Record<string, string>> {
  const fill = (unit: string, head: string, tail: string): string => {
    const count = Math.floor((bytes - head.length - tail.length + 1) / (unit.length + 1));
    return head + `${unit},`.repeat(count - 1) + unit + tail;
  };
  const half = Math.floor(bytes / 16);
  return {
    'open lists': '['.repeat(bytes),
    'nested lists': '['.repeat(half) + ']'.repeat(half),
    'nested lists in a field': `{"file":${'['.repeat(half)}${']'.repeat(half)}}`,
    'nested objects': `${'{"a":'.repeat(half)}1${'}'.repeat(half)}`,
    'a wide list': fill('1', '[', ']'),
    'a wide list of texts in a field': fill('""', '{"ids":[', ']}'),
    'a wide list of objects': fill('{}', '[', ']'),
    keys: differentKeys(bytes),
    'one key again': fill('"a":1', '{', '}'),
    'a long key': `{"${'k'.repeat(bytes - 8)}":1}`,
    'white space': ' '.repeat(bytes),
    'white space before an end': `{"file":"A"${' '.repeat(bytes - 12)}}`,
    'escaped quotes': `{"file":"${'\\"'.repeat(Math.floor((bytes - 11) / 2))}"}`,
    prototypes: fill('{"\\u005f_proto__":1}', '[', ']'),
  };
}

/** An object of as many keys as there is room for. */
function differentKeys(bytes: number): string {
  let text = '{"k":1';
  for (let index = 0; ; index++) {
    const next = `,"k${index}":1`;
    if (text.length + next.length + 1 > bytes) return `${text}}`;
    text += next;
  }
}
