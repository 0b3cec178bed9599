import { z } from 'zod';
import { excerpt, mostShownBytes } from '../core/excerpt.js';
import { configSchema } from './schema.js';

type Issue = z.core.$ZodIssue;

/** Longest word for which to suggest a name: comparing takes the product of the two lengths. */
const maxLetters = 64;

export interface IssueOptions {
  readonly schema?: z.ZodType;
  /** How many problems to describe; the rest are only counted. All of them when left out. */
  readonly most?: number;
}

/** Describes each problem on a line: the path, what was expected and what was received. Equal lines appear once. */
export function describeIssues(
  issues: readonly Issue[],
  input: unknown,
  { schema = configSchema, most = Infinity }: IssueOptions = {},
): string[] {
  const lines = new Set<string>();
  let described = 0;
  let total = 0;
  for (const issue of issues) {
    total += issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
    if (described >= most) continue;
    for (const line of linesOf(issue, input, schema)) {
      lines.add(line);
      if (++described >= most) break;
    }
  }
  return total > described ? [...lines, `and ${total - described} more`] : [...lines];
}

/** A generator, because one issue may be about more keys than are to be described. */
function* linesOf(issue: Issue, input: unknown, schema: z.ZodType): Generator<string> {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    for (const key of issue.keys)
      yield `${showPath([...issue.path, key])}: no such option${closest(key, known)}`;
    return;
  }
  const received = valueAt(input, issue.path);
  const shown = isSecret(issue.path) && received !== undefined ? 'a secret value' : preview(received);
  yield `${showPath(issue.path)}: ${expectation(issue)}, but received ${shown}`;
}

/** `; did you mean x?` when one of the candidates is similar. */
export function closest(word: string, candidates: readonly string[]): string {
  if (word.length > maxLetters) return '';
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, word.length / 3)
    ? `; did you mean ${best.candidate}?`
    : '';
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${article(issue.expected)}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map((value) => String(value)).join(', ')}`;
    case 'too_small':
      return `expected ${issue.origin === 'string' ? 'at least' : issue.inclusive === true ? 'at least' : 'more than'} ${String(issue.minimum)}${unit(issue.origin)}`;
    case 'too_big':
      return `expected at most ${String(issue.maximum)}${unit(issue.origin)}`;
    case 'invalid_union':
      return `expected ${issue.errors
        .flatMap((branch) => branch.map(expectation))
        .map((text) => text.replace(/^expected /, ''))
        .join(' or ')}`;
    default:
      return issue.message;
  }
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters' : '';
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** Whether the value at a path is an access token, or holds some. */
function isSecret(path: readonly PropertyKey[]): boolean {
  const name = path.findLast((key) => typeof key === 'string');
  return name === 'token' || name === 'tokens';
}

function showPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${showKey(String(key))}`))
    .join('');
  return excerpt(text.replace(/^\./, '')) || 'the top level';
}

/** Hides a key that looks like a URL, which may hold a password. */
function showKey(key: string): string {
  return /@|:\/\//.test(key) ? '…' : excerpt(key);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    // A string in place of a list is read as a list of one.
    (node, key) =>
      typeof node === 'string' ? node : (node as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
}

/** Keys that the schema allows at a path, found in its JSON Schema. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly items?: Node;
  }
  // An empty registry, so that no part is represented by a reference.
  const metadata = z.registry<Record<string, unknown>>();
  const root = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', metadata }) as Node;
  const node = path.reduce<Node | undefined>(
    (current, key) => (typeof key === 'number' ? current?.items : current?.properties?.[String(key)]),
    root,
  );
  return Object.keys(node?.properties ?? {});
}

/** How many letters must be added, removed, changed or exchanged with the next one. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = (rows[i] = [i]);
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchanged = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchange = isExchanged ? at(i - 2, j - 2) + 1 : Infinity;
      row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, substitution, exchange);
    }
  }
  return at(a.length, b.length);
}

/** Entries shown of each list or object. */
const maxEntries = 20;
const maxDepth = 4;

/**
 * A value from outside in a form that a message may repeat: the beginning of its JSON or, when it may contain a URL, which
 * may carry a password, only its kind. However large or deep the value is, only the part that is shown is visited.
 */
function preview(value: unknown): string {
  if (value === undefined) return 'nothing';
  const writer = new Preview();
  writer.write(value, 0);
  const what = typeof value === 'string' ? 'some text' : 'something';
  if (writer.text.includes('@')) return `${what} with an @ in it`;
  if (writer.text.includes('://')) return `${what} with a URL in it`;
  return excerpt(writer.text);
}

/** Writes JSON until there is enough of it. */
class Preview {
  text = '';

  write(value: unknown, depth: number): void {
    if (this.text.length > mostShownBytes) return;
    if (typeof value === 'string') this.#writeText(value);
    else if (ArrayBuffer.isView(value)) this.text += `${value.byteLength} bytes`;
    else if (typeof value !== 'object' || value === null) this.text += JSON.stringify(value) ?? 'null';
    else if (depth === maxDepth) this.text += '…';
    else if (Array.isArray(value)) this.#writeList(value, depth);
    else this.#writeObject(value as Readonly<Record<string, unknown>>, depth);
  }

  /** Keeps a mark of a URL that would be cut off, so that `preview` still notices it. */
  #writeText(value: string): void {
    const mark = value.includes('@') ? '@' : value.includes('://') ? '://' : '';
    this.text += JSON.stringify(value.slice(0, mostShownBytes)) + (value.length > mostShownBytes ? mark : '');
  }

  #writeList(list: readonly unknown[], depth: number): void {
    this.text += '[';
    for (const [index, item] of list.slice(0, maxEntries).entries()) {
      if (index > 0) this.text += ',';
      this.write(item, depth + 1);
    }
    this.text += list.length > maxEntries ? ',…]' : ']';
  }

  #writeObject(object: Readonly<Record<string, unknown>>, depth: number): void {
    let written = 0;
    this.text += '{';
    for (const key in object) {
      if (written > 0) this.text += ',';
      if (written++ === maxEntries) {
        this.text += '…';
        break;
      }
      this.#writeText(key);
      this.text += ':';
      this.write(object[key], depth + 1);
    }
    this.text += '}';
  }
}
