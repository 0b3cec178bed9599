import { z } from 'zod';
import { excerpt } from '../core/excerpt.js';
import { preview } from './preview.js';
import { configSchema } from './schema.js';

type Issue = z.core.$ZodIssue;

/** Of a word that may be a mistyped name: comparing takes the product of two lengths. */
const mostLetters = 64;

export interface IssueOptions {
  readonly schema?: z.ZodType;
  /** How many problems to describe; of the others only their number is told. All of them when left out. */
  readonly most?: number;
}

/** One line for each problem: the path, what was expected and what came. Each line once. */
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

/** One at a time: an issue may be about more keys than anybody wants to read of. */
function* linesOf(issue: Issue, input: unknown, schema: z.ZodType): Generator<string> {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    for (const key of issue.keys)
      yield `${showPath([...issue.path, key])}: no such option${closest(key, known)}`;
    return;
  }
  const received = valueAt(input, issue.path);
  const shown = isSecret(issue.path) && received !== undefined ? 'what is kept secret' : preview(received);
  yield `${showPath(issue.path)}: ${expectation(issue)}, but received ${shown}`;
}

/** `; did you mean x?` when one of the candidates is near. */
export function closest(word: string, candidates: readonly string[]): string {
  if (word.length > mostLetters) return '';
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

function showPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${showKey(String(key))}`))
    .join('');
  return excerpt(text.replace(/^\./, '')) || 'the whole';
}

/** Somebody may put an address where a name belongs. */
function showKey(key: string): string {
  return /@|:\/\//.test(key) ? '…' : excerpt(key);
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
