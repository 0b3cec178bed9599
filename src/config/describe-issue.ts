import { z } from 'zod';
import { configSchema } from './schema.js';

type Issue = z.core.$ZodIssue;

/** Characters of a value that a message repeats. */
const mostShown = 200;

/** One line for each problem: the path, what was expected and what came. */
export function describeIssue(issue: Issue, input: unknown, schema: z.ZodType = configSchema): string[] {
  const path = showPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => `${showPath([...issue.path, key])}: no such option${closest(key, known)}`);
  }
  const received = valueAt(input, issue.path);
  const shown = isSecret(issue.path) && received !== undefined ? 'what is kept secret' : show(received);
  return [`${path}: ${expectation(issue)}, but received ${shown}`];
}

/** `; did you mean x?` when one of the candidates is near. */
export function closest(word: string, candidates: readonly string[]): string {
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

/** Whether what stands at a path is an access token, or holds some. */
function isSecret(path: readonly PropertyKey[]): boolean {
  const name = path.findLast((key) => typeof key === 'string');
  return name === 'token' || name === 'tokens';
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  // An address may carry a password: say only what it was.
  const what = typeof value === 'string' ? 'some text' : 'something';
  if (text.includes('@')) return `${what} with an @ in it`;
  if (text.includes('://')) return `${what} with a URL in it`;
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}

function showPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${showKey(String(key))}`))
    .join('');
  return text.replace(/^\./, '') || 'the whole';
}

/** Somebody may put an address where a name belongs. */
function showKey(key: string): string {
  return /@|:\/\//.test(key) ? '…' : key;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    // Text in place of a list is read as a list of one.
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
  // Without names of parts, so that none is given by reference.
  const metadata = z.registry<Record<string, unknown>>();
  const root = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', metadata }) as Node;
  const node = path.reduce<Node | undefined>(
    (current, key) => (typeof key === 'number' ? current?.items : current?.properties?.[String(key)]),
    root,
  );
  return Object.keys(node?.properties ?? {});
}

/** Levenshtein's edit distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
