import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';
import { numeric } from '../query.js';
import type { ServerContext } from '../server-options.js';
import type { IdentifiedFace, PictureService, ReadFace, ReadPicture } from '../../services/services.js';
import { picture } from '../uploads/picture.js';

const point = z.object({ x: z.number(), y: z.number() });
const box = z
  .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .meta({ id: 'Box', description: 'In pixels of the upright picture; may reach past its edges.' });
const person = z.object({ id: z.string(), name: z.string() }).meta({ id: 'PersonRef' });

const size = { width: z.int(), height: z.int() };
const detectMs = z.number().describe('Milliseconds of decoding and searching.');
const embedMs = z
  .number()
  .describe('Milliseconds of embedding every face, including the wait for cameras, which go first.');

const detectedFace = z
  .object({
    box,
    score: z.number().describe('0 to 1.'),
    landmarks: z
      .array(point)
      .length(5)
      .describe('As seen in the picture: left eye, right eye, nose, left and right mouth corner.'),
  })
  .meta({ id: 'DetectedFace' });

const detected = z.object({
  ...size,
  faces: z.array(detectedFace).describe('Largest first.'),
  times: z.object({ detectMs }),
});

const identifiedFace = z
  .object({
    box,
    score: z.number().describe('Score of the detection, 0 to 1.'),
    landmarks: detectedFace.shape.landmarks,
    quality: z.number().describe('0 to 1; a face below 0.1 is not named.'),
    person: person.nullable().describe('Null for an unknown face.'),
    distance: z
      .number()
      .nullable()
      .describe(
        'Euclidean distance, 0 to 2, to the nearest photo of `person` or, without one, of anybody; null when nobody is enrolled.',
      ),
    margin: z
      .number()
      .nullable()
      .describe('How much further away the second-nearest person is; null when there is none.'),
    threshold: z.number().describe('Largest distance at which a face may be named.'),
    confidence: z
      .number()
      .nullable()
      .describe(
        'Probability, 0 to 1, that the face is that of `person` or, without one, of the most similar person; at least ½ exactly when there is a `person`, and null when nobody comes into question.',
      ),
    why: z.string().describe('Why the face was, or was not, named.'),
    nearest: z
      .array(z.object({ person, distance: z.number() }))
      .describe('The nearest people, named or not, nearest first.'),
  })
  .meta({ id: 'IdentifiedFace' });

const identified = z.object({
  ...size,
  faces: z.array(identifiedFace).describe('Largest first.'),
  times: z.object({ detectMs, embedMs }),
});

const verified = z.object({
  same: z
    .boolean()
    .describe(
      'Whether `probability` is at least ½: without a Siamese head, whether `distance` is at or below `threshold`.',
    ),
  distance: z.number().describe('Euclidean, 0 to 2.'),
  threshold: z.number(),
  probability: z
    .number()
    .describe(
      'Probability, 0 to 1, that both show one person, given `prior`; from the Siamese head when there is one.',
    ),
  prior: z
    .number()
    .describe(
      'The share of such comparisons, 0 to 1, that show one person: the one for which `probability` is ½ at `threshold`.',
    ),
  faces: z
    .object({ first: detectedFace, second: detectedFace })
    .describe('The largest face of each picture.'),
  times: z.object({ detectMs, embedMs }),
});

/** `?limit=` of the faces of a picture. */
const facesQuery = z.strictObject({
  limit: numeric(1, 1000).int().default(1000).describe('Maximum number of faces, the largest ones.'),
});

const tags = ['faces'];
/** How many of the nearest people an answer lists. */
const neighbours = 3;

/** `/v1/detect`, `/v1/identify` and `/v1/verify`: questions about uploaded pictures, which are not kept. */
export function addFaceRoutes(app: Api, { services: { pictures } }: Pick<ServerContext, 'services'>): void {
  app.post(
    '/v1/detect',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags,
        summary: 'Where the faces in a picture are',
        querystring: facesQuery,
        body: z.strictObject({ file: picture }),
        response: { 200: detected, ...problems },
      },
    },
    async ({ body, query }) => {
      const { width, height, faces, detectMs } = await pictures.detect(body.file);
      return { width, height, faces: faces.slice(0, query.limit).map(viewOf), times: { detectMs } };
    },
  );

  app.post(
    '/v1/identify',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags,
        summary: 'Who the faces in a picture are: each known or unknown',
        querystring: facesQuery,
        body: z.strictObject({ file: picture }),
        response: { 200: identified, ...problems },
      },
    },
    async ({ body, query }) => {
      const { width, height, faces, detectMs, embedMs } = await pictures.read(body.file, query.limit);
      const named = await Promise.all(faces.map((face) => identify(face, pictures)));
      return { width, height, faces: named, times: { detectMs, embedMs } };
    },
  );

  app.post(
    '/v1/verify',
    {
      config: { role: 'operator', pictures: ['first', 'second'] },
      schema: {
        tags,
        summary: 'Whether the largest faces in two pictures show one person',
        body: z.strictObject({ first: picture, second: picture }),
        response: { 200: verified, ...problems },
      },
    },
    async ({ body }) => {
      const [one, other] = await Promise.all([pictures.read(body.first, 1), pictures.read(body.second, 1)]);
      const [first, second] = [largest(one, 'first'), largest(other, 'second')];
      return {
        ...(await pictures.verify(first, second)),
        faces: { first: viewOf(first.detection), second: viewOf(second.detection) },
        times: { detectMs: one.detectMs + other.detectMs, embedMs: one.embedMs + other.embedMs },
      };
    },
  );
}

/** The largest face of a picture. @throws SightlineError FACE_NOT_FOUND, which names the field of the picture */
function largest({ faces: [face] }: ReadPicture, field: string): ReadFace {
  if (face) return face;
  throw new SightlineError('FACE_NOT_FOUND', `No face was found in the picture in ${field}.`);
}

async function identify(face: ReadFace, pictures: PictureService) {
  const { person, distance, margin, threshold, quality, why, nearest, similar }: IdentifiedFace =
    await pictures.identify(face, neighbours);
  return {
    ...viewOf(face.detection),
    quality,
    person,
    distance,
    margin,
    threshold,
    confidence: similar[0]?.similarity ?? null,
    why,
    nearest: nearest.map(({ person: { id, name }, distance: away }) => ({
      person: { id, name },
      distance: away,
    })),
  };
}

function viewOf({ box, score, landmarks }: Detection) {
  return { box, score, landmarks: [...landmarks] };
}
