import type { z } from 'zod';
import { describeIssues } from '../config/describe-issue.js';
import { SightlineError } from '../core/errors.js';

/** What error messages call the parts of a request, by fastify's names. */
const partNames: Readonly<Record<string, string>> = {
  body: 'Body',
  querystring: 'Query',
  params: 'Path',
  headers: 'Headers',
};

/** An error names at most this many wrong values, to stay short. */
const maxProblems = 5;
/** Room for about a hundred parameters. Each one costs time. */
const maxUrlCharacters = 4096;

/**
 * Parses a part of a request with its schema.
 * @param part fastify's name: `body`, `querystring`, `params` or `headers`
 * @throws SightlineError REQUEST_INVALID, which names the first wrong values
 */
export function parsePart<T extends z.ZodType>(schema: T, data: unknown, part: string): z.output<T> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const problems = describeIssues(result.error.issues, data, { schema, most: maxProblems });
  throw new SightlineError('REQUEST_INVALID', `${partNames[part] ?? part}: ${problems.join('; ')}.`);
}

/** @throws SightlineError URL_TOO_LONG for a URL longer than any client of the API needs */
export function checkUrlLength(url: string): void {
  if (url.length <= maxUrlCharacters) return;
  throw new SightlineError(
    'URL_TOO_LONG',
    `Expected a URL of at most ${maxUrlCharacters} characters but received one of ${url.length}.`,
  );
}

/** The query parameters of a request; a list for one that occurs several times. */
export type Query = Readonly<Record<string, string | string[]>>;

/** Query parameters in the form in which fastify gives them. */
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
