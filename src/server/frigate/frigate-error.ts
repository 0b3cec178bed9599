import { z } from 'zod';
import { problemOf } from '../problem.js';

/** What Frigate answers where it has nothing else to tell, and with every failure. */
export const outcomeSchema = z
  .object({ success: z.boolean(), message: z.string() })
  .meta({ id: 'FrigateOutcome' });

type Outcome = z.output<typeof outcomeSchema>;

/** Failures, in the `response` of a route. */
export const frigateErrors = { default: outcomeSchema.describe('What went wrong.') } as const;

export function succeeded(message: string): Outcome {
  return { success: true, message };
}

/** Anything thrown as Frigate would answer: pictures that it can do nothing with are 400. */
export function frigateErrorOf(thrown: unknown): { readonly status: number; readonly body: Outcome } {
  const { status, detail } = problemOf(thrown);
  return { status: status === 422 ? 400 : status, body: { success: false, message: detail } };
}
