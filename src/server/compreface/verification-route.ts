import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import type { Pictures, ReadFace, ReadPicture } from '../services.js';
import { picture } from '../uploads/picture.js';
import { compreFaceErrors } from './compreface-error.js';
import { faceSchema, faceView, pluginsOf, pluginsVersions, rounded } from './face-view.js';
import { faceQuery } from './options.js';
import { readFaces } from './search-picture.js';

const verification = z.object({
  source_image_face: faceSchema,
  face_matches: z
    .array(faceSchema.extend({ similarity: z.number().describe('0 to 1, to the face of the source.') }))
    .describe('Every face of the target.'),
  plugins_versions: pluginsVersions.optional(),
});

/** `/verification/verify`: how similar the one face of a picture is to each face of another. */
export function addVerificationRoute(app: Api, pictures: Pictures): void {
  app.post(
    '/verification/verify',
    {
      config: { role: 'operator', pictures: ['source_image', 'target_image'] },
      schema: {
        tags: ['compreface'],
        summary: 'How similar the face of a picture is to each face of another',
        querystring: faceQuery,
        body: z.object({ source_image: picture, target_image: picture }),
        response: { 200: z.object({ result: z.array(verification) }), ...compreFaceErrors },
      },
    },
    async ({ body, query }) => {
      const source = await readFaces(pictures, body.source_image, query);
      const face = onlyFace(source);
      const target = await readFaces(pictures, body.target_image, query);
      const face_matches = await Promise.all(
        target.faces.map(async (other) => {
          const { distance } = await pictures.verify(face, other);
          const similarity = rounded(pictures.similarity(distance));
          return { ...faceView(other.detection, target, query), similarity };
        }),
      );
      const source_image_face = faceView(face.detection, source, query);
      return { result: [{ source_image_face, face_matches, ...pluginsOf(pictures, source.faces, query) }] };
    },
  );
}

/** @throws SightlineError FACE_AMBIGUOUS */
function onlyFace({ faces }: ReadPicture): ReadFace {
  const [face] = faces;
  if (face !== undefined && faces.length === 1) return face;
  throw new SightlineError('FACE_AMBIGUOUS', `Expected one face in source_image but found ${faces.length}.`);
}
