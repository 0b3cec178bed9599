import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';
import type { ServerContext } from '../server-options.js';
import type { IdentifiedFace, Pictures, ReadFace, ReadPicture } from '../services.js';
import { picture } from '../uploads/picture.js';
import { detected, facesQuery, identified, verified } from './face-schemas.js';

const tags = ['faces'];
/** People that an answer tells of beside the one named. */
const neighbours = 3;

/** `/v1/detect`, `/v1/identify` and `/v1/verify`: questions about uploaded pictures, of which nothing is kept. */
export function addFaceRoutes(app: Api, { services: { pictures } }: Pick<ServerContext, 'services'>): void {
  app.post(
    '/v1/detect',
    {
      config: { role: 'operator', pictures: ['file'] },
      schema: {
        tags,
        summary: 'Where the faces on a picture are',
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
        summary: 'Who the faces on a picture are: each known or unknown',
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
        summary: 'Whether the largest faces on two pictures show one person',
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

/** @throws SightlineError FACE_NOT_FOUND that names the picture */
function largest({ faces: [face] }: ReadPicture, field: string): ReadFace {
  if (face) return face;
  throw new SightlineError('FACE_NOT_FOUND', `Expected a face on the picture in ${field} but found none.`);
}

async function identify(face: ReadFace, pictures: Pictures) {
  const { person, distance, margin, threshold, quality, why, nearest }: IdentifiedFace =
    await pictures.identify(face, neighbours);
  return {
    ...viewOf(face.detection),
    quality,
    person,
    distance,
    margin,
    threshold,
    confidence: distance === null ? null : pictures.similarity(distance),
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
