import type { z } from 'zod';
import { describeIssues } from '../config/describe-issue.js';
import { SightlineError } from '../core/errors.js';

/** The parts of a request that have a schema, by fastify's names, as errors call them. */
const partNames: Readonly<Record<string, string>> = {
  body: 'Body',
  querystring: 'Query',
  params: 'Path',
  headers: 'Headers',
};

/** Wrong values that an error names; more only make it long. */
const maxProblems = 5;
/** Some hundred parameters; each of them costs. */
const maxUrlCharacters = 4096;

/**
 * A part of a request as its schema reads it.
 * @param part fastify's name: `body`, `querystring`, `params` or `headers`
 * @throws SightlineError REQUEST_INVALID that names the first wrong values
 */
export function parsePart<T extends z.ZodType>(schema: T, data: unknown, part: string): z.output<T> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const problems = describeIssues(result.error.issues, data, { schema, most: maxProblems });
  throw new SightlineError('REQUEST_INVALID', `${partNames[part] ?? part}: ${problems.join('; ')}.`);
}

/** @throws SightlineError URL_TOO_LONG for a URL that no client of the API needs */
export function checkUrlLength(url: string): void {
  if (url.length <= maxUrlCharacters) return;
  throw new SightlineError(
    'URL_TOO_LONG',
    `Expected a URL of at most ${maxUrlCharacters} characters but received one of ${url.length}.`,
  );
}

/** The parameters of a request; a list for one that came several times. */
export type Query = Readonly<Record<string, string | string[]>>;

/** The query of a request target in the shape that fastify gives. */
export function queryOf(params: URLSearchParams): Query {
  const query = new Map<string, string | string[]>();
  for (const [key, value] of params) {
    const before = query.get(key);
    if (before === undefined) query.set(key, value);
    else if (typeof before === 'string') query.set(key, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(query);
}
