import { z } from 'zod';
import { problemOf } from '../problem.js';

/** Frigate's answer to requests that return no data, and to every failure. */
export const outcomeSchema = z
  .object({ success: z.boolean(), message: z.string() })
  .meta({ id: 'FrigateOutcome' });

type Outcome = z.output<typeof outcomeSchema>;

/** The error answers, for the `response` of a route. */
export const frigateErrors = { default: outcomeSchema.describe('What went wrong.') } as const;

export function succeeded(message: string): Outcome {
  return { success: true, message };
}

/** Turns any thrown value into Frigate's answer; Frigate answers 400 where Sightline answers 422. */
export function frigateErrorOf(thrown: unknown): { readonly status: number; readonly body: Outcome } {
  const { status, detail } = problemOf(thrown);
  return { status: status === 422 ? 400 : status, body: { success: false, message: detail } };
}
