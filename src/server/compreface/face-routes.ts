import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Api } from '../api.js';
import type {
  IdentifiedFace,
  PeopleService,
  PictureService,
  ReadFace,
  ReadPicture,
} from '../../services/services.js';
import { picture } from '../uploads/picture.js';
import { compreFaceErrors } from './compreface-error.js';
import { exampleParams } from './example-routes.js';
import {
  detectFaces,
  faceSchema,
  faceView,
  pluginsOf,
  pluginsVersions,
  readFaces,
  rounded,
} from './faces.js';
import { detectQuery, faceQuery, recognizeQuery } from './options.js';

const tags = ['compreface'];
const config = { role: 'operator', pictures: ['file'] } as const;
const body = z.object({ file: picture });
const plugins_versions = pluginsVersions.optional();

const similarity = z
  .number()
  .describe('0 to 1: probability that it is this person; at least ½ exactly when Sightline says so.');
const subjects = z
  .array(z.object({ subject: z.string(), similarity }))
  .describe('The most similar first; empty when nobody is enrolled.');

/** How many more people to look up than to return, because some may be left out. */
const spare = 3;

/** The routes that recognise, verify or detect faces in one picture. */
export function addFaceRoutes(app: Api, people: PeopleService, pictures: PictureService): void {
  app.post(
    '/recognition/recognize',
    {
      config,
      schema: {
        tags,
        summary: 'Who each face in a picture is most similar to',
        querystring: recognizeQuery,
        body,
        response: {
          200: z.object({ result: z.array(faceSchema.extend({ subjects })), plugins_versions }),
          ...compreFaceErrors,
        },
      },
    },
    async ({ body, query }) => {
      const read = await readFaces(pictures, body.file, query);
      const all = query.prediction_count === -1;
      const count = all ? Math.max(1, (await people.list()).length) : query.prediction_count;
      const result = await Promise.all(
        read.faces.map(async (face) => ({
          ...faceView(face.detection, read, query),
          subjects: subjectsOf(await pictures.identify(face, count + spare)).slice(0, count),
        })),
      );
      return { result, ...pluginsOf(pictures, read.faces, query) };
    },
  );

  app.post(
    '/recognition/faces/:image_id/verify',
    {
      config,
      schema: {
        tags,
        summary: 'How similar each face in a picture is to an example',
        params: exampleParams,
        querystring: faceQuery,
        body,
        response: {
          200: z.object({
            result: z.array(faceSchema.extend({ subject: z.string(), similarity })),
            plugins_versions,
          }),
          ...compreFaceErrors,
        },
      },
    },
    async ({ params, body, query }) => {
      const { personId } = await people.photo(params.image_id);
      const { name: subject } = await people.get(personId);
      const read = await readFaces(pictures, body.file, query);
      const result = await Promise.all(
        read.faces.map(async (face) => ({
          ...faceView(face.detection, read, query),
          subject,
          similarity: await similarityTo(pictures, face, params.image_id),
        })),
      );
      return { result, ...pluginsOf(pictures, read.faces, query) };
    },
  );

  app.post(
    '/detection/detect',
    {
      config,
      schema: {
        tags,
        summary: 'Where the faces in a picture are',
        querystring: detectQuery,
        body,
        response: {
          200: z.object({ result: z.array(faceSchema), plugins_versions }),
          ...compreFaceErrors,
        },
      },
    },
    async ({ body, query }) => {
      const searched = await detectFaces(pictures, body.file, query);
      const result = searched.faces.map((face) => faceView(face, searched, query));
      return { result, ...pluginsOf(pictures, searched.faces, query) };
    },
  );
}

/** Clients take the first subject for the answer, so people who this face was said not to be are left out. */
function subjectsOf({ similar }: IdentifiedFace): z.output<typeof subjects> {
  return similar.map(({ person, similarity }) => ({
    subject: person.name,
    similarity: roundedSimilarity(similarity),
  }));
}

async function similarityTo(pictures: PictureService, face: ReadFace, photoId: string): Promise<number> {
  return roundedSimilarity((await pictures.verifyPhoto(face, photoId)).probability);
}

/** Rounds without reaching ½ from below, because ½ is where Sightline takes two faces for one person. */
function roundedSimilarity(similarity: number): number {
  return similarity < 0.5 ? Math.min(0.49999, rounded(similarity)) : rounded(similarity);
}

const verification = z.object({
  source_image_face: faceSchema,
  face_matches: z
    .array(faceSchema.extend({ similarity: z.number().describe('0 to 1, to the face in the source.') }))
    .describe('Every face in the target.'),
  plugins_versions: pluginsVersions.optional(),
});

/** `/verification/verify`: compares the only face in one picture with each face in another. */
export function addVerificationRoute(app: Api, pictures: PictureService): void {
  app.post(
    '/verification/verify',
    {
      config: { role: 'operator', pictures: ['source_image', 'target_image'] },
      schema: {
        tags: ['compreface'],
        summary: 'How similar the face in one picture is to each face in another',
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
          const similarity = roundedSimilarity((await pictures.verify(face, other)).probability);
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
