import { z } from 'zod';
import { numeric } from '../query.js';

const point = z.object({ x: z.number(), y: z.number() });
const box = z
  .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .meta({ id: 'Box', description: 'In pixels of the upright picture; may reach past its edges.' });
const person = z.object({ id: z.string(), name: z.string() }).meta({ id: 'PersonRef' });

const size = { width: z.int(), height: z.int() };
const detectMs = z.number().describe('Decoding and searching, in milliseconds.');
const embedMs = z.number().describe('Embedding every face, waiting for the cameras included.');

const detectedFace = z
  .object({
    box,
    score: z.number().describe('0 to 1.'),
    landmarks: z
      .array(point)
      .length(5)
      .describe('As seen in the picture: left eye, right eye, nose, left and right corner of the mouth.'),
  })
  .meta({ id: 'DetectedFace' });

export const detected = z.object({
  ...size,
  faces: z.array(detectedFace).describe('Largest first.'),
  times: z.object({ detectMs }),
});

const identifiedFace = z
  .object({
    box,
    score: z.number().describe('Of the detection, 0 to 1.'),
    landmarks: detectedFace.shape.landmarks,
    quality: z.number().describe('0 to 1; a face below 0.1 is not named.'),
    person: person.nullable().describe('Null for somebody unknown.'),
    distance: z
      .number()
      .nullable()
      .describe(
        'To the nearest photo of that person, or else of anybody, 0 to 2; null when nobody is enrolled.',
      ),
    margin: z
      .number()
      .nullable()
      .describe('How much further away the second-nearest person is; null when there is none.'),
    threshold: z.number().describe('Largest distance at which a face may be named.'),
    confidence: z
      .number()
      .nullable()
      .describe('Chance, 0 to 1, that two faces at `distance` show one person.'),
    why: z.string().describe('Why the face was, or was not, named.'),
    nearest: z
      .array(z.object({ person, distance: z.number() }))
      .describe('The nearest people, named or not, nearest first.'),
  })
  .meta({ id: 'IdentifiedFace' });

export const identified = z.object({
  ...size,
  faces: z.array(identifiedFace).describe('Largest first.'),
  times: z.object({ detectMs, embedMs }),
});

export const verified = z.object({
  same: z.boolean().describe('Whether `distance` is at or below `threshold`.'),
  distance: z.number().describe('Euclidean, 0 to 2.'),
  threshold: z.number(),
  probability: z
    .number()
    .describe(
      'Chance, 0 to 1, of one person, if same and different were equally common; of the Siamese head when there is one.',
    ),
  faces: z
    .object({ first: detectedFace, second: detectedFace })
    .describe('The largest face of each picture.'),
  times: z.object({ detectMs, embedMs }),
});

/** `?limit=` of the faces of a picture. */
export const facesQuery = z.strictObject({
  limit: numeric(1, 1000).int().default(1000).describe('How many faces at most, the largest ones.'),
});
