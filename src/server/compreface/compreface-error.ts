import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SightlineError, type ErrorCode } from '../../core/errors.js';
import { problemOf } from '../problem.js';

/** Error codes of CompreFace 1.2 that have a meaning here. */
export const compreFaceCodes = {
  undefined: 0,
  accessDenied: 1,
  keyUnknown: 10,
  headerMissing: 20,
  fileUnreadable: 21,
  valueInvalid: 26,
  noFaceFound: 28,
  tooManyFaces: 31,
  parameterMissing: 33,
  partMissing: 34,
  facesServiceFailed: 41,
  subjectUnknown: 42,
  subjectExists: 43,
  exampleUnknown: 44,
} as const;

type CompreFaceCode = (typeof compreFaceCodes)[keyof typeof compreFaceCodes];

/** CompreFace's error body. */
export const compreFaceErrorSchema = z
  .object({ message: z.string(), code: z.int().describe('A code of docs/compatibility.md.') })
  .meta({ id: 'CompreFaceError' });

/** The error answers, for the `response` of a route. */
export const compreFaceErrors = { default: compreFaceErrorSchema.describe('What went wrong.') } as const;

/** An invalid request for which CompreFace has a code of its own; REQUEST_INVALID in Sightline's catalogue. */
export class CompreFaceError extends SightlineError {
  readonly compreFaceCode: CompreFaceCode;

  constructor(compreFaceCode: CompreFaceCode, message: string) {
    super('REQUEST_INVALID', message);
    this.compreFaceCode = compreFaceCode;
  }
}

interface CompreFaceAnswer {
  readonly status: number;
  readonly code: CompreFaceCode;
}

const { noFaceFound, facesServiceFailed } = compreFaceCodes;

/** Errors for which CompreFace has a code, or another status than Sightline. */
const answers: Partial<Record<ErrorCode, CompreFaceAnswer>> = {
  FORBIDDEN_ORIGIN: { status: 403, code: compreFaceCodes.accessDenied },
  FORBIDDEN_ROLE: { status: 403, code: compreFaceCodes.accessDenied },
  IMAGE_UNREADABLE: { status: 400, code: compreFaceCodes.fileUnreadable },
  IMAGE_TOO_LARGE: { status: 413, code: compreFaceCodes.fileUnreadable },
  IMAGE_TOO_SLOW: { status: 400, code: compreFaceCodes.fileUnreadable },
  REQUEST_TOO_LARGE: { status: 413, code: compreFaceCodes.fileUnreadable },
  FACE_NOT_FOUND: { status: 400, code: noFaceFound },
  FACE_CUT_OFF: { status: 400, code: noFaceFound },
  FACE_TOO_SMALL: { status: 400, code: noFaceFound },
  FACE_QUALITY_LOW: { status: 400, code: noFaceFound },
  FACE_AMBIGUOUS: { status: 400, code: compreFaceCodes.tooManyFaces },
  PERSON_NAME_INVALID: { status: 400, code: compreFaceCodes.valueInvalid },
  PERSON_NAME_TAKEN: { status: 400, code: compreFaceCodes.subjectExists },
  PERSON_NOT_FOUND: { status: 404, code: compreFaceCodes.subjectUnknown },
  PHOTO_NOT_FOUND: { status: 404, code: compreFaceCodes.exampleUnknown },
  DETECTOR_FAILED: { status: 500, code: facesServiceFailed },
  EMBEDDER_FAILED: { status: 500, code: facesServiceFailed },
};

/** The status and the body with which CompreFace would answer a thrown value. */
export function compreFaceErrorOf(
  thrown: unknown,
  { headers }: Pick<FastifyRequest, 'headers'>,
): { readonly status: number; readonly body: z.output<typeof compreFaceErrorSchema> } {
  const problem = problemOf(thrown);
  const body = (code: CompreFaceCode) => ({ message: problem.detail, code });
  if (thrown instanceof CompreFaceError) return { status: problem.status, body: body(thrown.compreFaceCode) };
  if (problem.code === 'UNAUTHORIZED') {
    const hasKey = headers['x-api-key'] !== undefined;
    const code = hasKey ? compreFaceCodes.keyUnknown : compreFaceCodes.headerMissing;
    return { status: problem.status, body: body(code) };
  }
  if (problem.code === 'REQUEST_INVALID')
    return { status: problem.status, body: body(compreFaceCodes.valueInvalid) };
  const answer = answers[problem.code] ?? { status: problem.status, code: compreFaceCodes.undefined };
  return { status: answer.status, body: body(answer.code) };
}
