import type { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { parsePart } from '../request.js';
import { CompreFaceError, compreFaceCodes } from './compreface-error.js';

/** CompreFace's code for a field that did not come, by fastify's name of the part of the request. */
const missing = {
  body: compreFaceCodes.partMissing,
  querystring: compreFaceCodes.parameterMissing,
} as const;

/**
 * A part of a request as its schema reads it.
 * @throws CompreFaceError that names every wrong value; its code says whether one was missing
 */
export function parseCompreFacePart(schema: z.ZodType, data: unknown, part: string): unknown {
  try {
    return parsePart(schema, data, part);
  } catch (error) {
    const isKnown = part === 'body' || part === 'querystring';
    if (!(error instanceof SightlineError) || !isKnown || !lacksField(schema, data)) throw error;
    throw new CompreFaceError(missing[part], error.message);
  }
}

function lacksField(schema: z.ZodType, data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const issues = schema.safeParse(data).error?.issues ?? [];
  return issues.some(({ path: [field] }) => field !== undefined && !Object.hasOwn(data, field));
}
