import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { PictureService, ReadFace, ReadPicture, SearchedPicture } from '../../services/services.js';
import { asksFor, type FaceQuery } from './options.js';

/** Maximum number of faces in one picture that are embedded when `limit` is 0. */
const maxFaces = 100;

type Choice = Pick<FaceQuery, 'limit' | 'det_prob_threshold'>;
/** Whether to search the picture, too: without that it is a face as a whole. */
type Reading = Choice & Pick<FaceQuery, 'detect_faces'>;

/** @throws SightlineError FACE_NOT_FOUND, and what `PictureService.detect` throws */
export async function detectFaces(
  pictures: PictureService,
  picture: Buffer,
  choice: Choice,
): Promise<SearchedPicture<Detection>> {
  const searched = await pictures.detect(picture);
  return { ...searched, faces: chosen(searched.faces, (face) => face.score, choice) };
}

/** @throws SightlineError FACE_NOT_FOUND, and what `PictureService.read` throws */
export async function readFaces(
  pictures: PictureService,
  picture: Buffer,
  choice: Reading,
): Promise<ReadPicture> {
  if (!choice.detect_faces) return pictures.readWhole(picture);
  // Which of the likely faces are the largest is known only when all have been found.
  const most = choice.limit === 0 || choice.det_prob_threshold > 0 ? maxFaces : choice.limit;
  const read = await pictures.read(picture, Math.min(most, maxFaces));
  return { ...read, faces: chosen(read.faces, (face: ReadFace) => face.detection.score, choice) };
}

function chosen<Face>(
  faces: readonly Face[],
  scoreOf: (face: Face) => number,
  { limit, det_prob_threshold: threshold }: Choice,
): readonly Face[] {
  const likely = faces.filter((face) => scoreOf(face) >= threshold);
  if (likely.length === 0) {
    const sure = threshold > 0 ? ` with a probability of ${threshold} or more` : '';
    throw new SightlineError('FACE_NOT_FOUND', `No face${sure} was found in the picture.`);
  }
  return limit === 0 ? likely : likely.slice(0, limit);
}

const executionTime = z
  .object({ detector: z.number(), calculator: z.number().optional() })
  .describe('Milliseconds, for the whole picture.');

/** Returned with `status=true`. */
export const pluginsVersions = z.object({ detector: z.string(), calculator: z.string().optional() });

/** A face in the answers of all routes. */
export const faceSchema = z.object({
  box: z.object({
    probability: z.number(),
    x_max: z.int(),
    y_max: z.int(),
    x_min: z.int(),
    y_min: z.int(),
  }),
  landmarks: z
    .array(z.array(z.int()))
    .optional()
    .describe('[x, y] of left eye, right eye, nose, left and right mouth corner, as seen in the picture.'),
  execution_time: executionTime.optional(),
});

export type FaceView = z.output<typeof faceSchema>;

type Searched = SearchedPicture<Detection> | ReadPicture;

/** A detection in CompreFace's form: whole pixels inside the picture. */
export function faceView(
  { box, score, landmarks }: Detection,
  searched: Searched,
  query: Pick<FaceQuery, 'face_plugins' | 'status'>,
): FaceView {
  const { width, height } = searched;
  const within = (value: number, end: number): number => Math.min(end, Math.max(0, Math.round(value)));
  return {
    box: {
      probability: rounded(score),
      x_max: within(box.x + box.width, width),
      y_max: within(box.y + box.height, height),
      x_min: within(box.x, width),
      y_min: within(box.y, height),
    },
    ...(asksFor('landmarks', query) && {
      landmarks: landmarks.map(({ x, y }) => [Math.round(x), Math.round(y)]),
    }),
    ...(query.status && { execution_time: timesOf(searched) }),
  };
}

/** `plugins_versions` when requested; `calculator` is the embedder, if one was used. */
export function pluginsOf(
  { detector }: Pick<PictureService, 'detector'>,
  faces: readonly (Detection | ReadFace)[],
  { status }: Pick<FaceQuery, 'status'>,
): { plugins_versions?: z.output<typeof pluginsVersions> } {
  const [face] = faces;
  if (!status) return {};
  return { plugins_versions: { detector, ...(face && 'model' in face && { calculator: face.model.id }) } };
}

/** Rounds to five decimals, as CompreFace does with probabilities and similarities. */
export function rounded(value: number): number {
  return Number(value.toFixed(5));
}

function timesOf(searched: Searched): z.output<typeof executionTime> {
  const tenths = (ms: number): number => Math.round(ms * 10) / 10;
  return {
    detector: tenths(searched.detectMs),
    ...('embedMs' in searched && { calculator: tenths(searched.embedMs) }),
  };
}
