import { z } from 'zod';
import type { EnrolmentWarning } from '../../core/enrolment-warning.js';
import type { PeopleService } from '../../services/services.js';
import { warningsField, withWarnings } from '../v1/person-views.js';
import { problemOf } from '../problem.js';

/** Frigate's answer to requests that return no data, and to every failure. */
export const outcomeSchema = z
  .object({ success: z.boolean(), message: z.string(), ...warningsField })
  .meta({ id: 'FrigateOutcome' });

type Outcome = z.output<typeof outcomeSchema>;

/** The error answers, for the `response` of a route. */
export const frigateErrors = { default: outcomeSchema.describe('What went wrong.') } as const;

/** Frigate's message is for people, so it says the warnings, too. */
export function succeeded(message: string, warnings: readonly EnrolmentWarning[] = []): Outcome {
  const told = warnings.map((warning) => ` Warning: ${warning.message}`);
  return { success: true, message: [message, ...told].join(''), ...withWarnings(warnings) };
}

type Enrolment = Awaited<ReturnType<PeopleService['enroll']>>;

export function enrolled({ person: { name }, added, warnings }: Enrolment): Outcome {
  return succeeded(added ? `The photo of ${name} was added.` : `${name} already has this photo.`, warnings);
}

/** Turns any thrown value into Frigate's answer; Frigate answers 400 where Sightline answers 422. */
export function frigateErrorOf(thrown: unknown): { readonly status: number; readonly body: Outcome } {
  const { status, detail } = problemOf(thrown);
  return { status: status === 422 ? 400 : status, body: { success: false, message: detail } };
}
