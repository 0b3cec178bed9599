import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import type { Pictures, ReadFace, ReadPicture, SearchedPicture } from '../services.js';
import type { FaceQuery } from './options.js';

/** Faces of one picture that are embedded when `limit` is 0. */
const mostFaces = 100;

type Choice = Pick<FaceQuery, 'limit' | 'det_prob_threshold'>;

/** @throws SightlineError FACE_NOT_FOUND, and what `Pictures.detect` throws */
export async function detectFaces(
  pictures: Pictures,
  picture: Buffer,
  choice: Choice,
): Promise<SearchedPicture<Detection>> {
  const searched = await pictures.detect(picture);
  return { ...searched, faces: chosen(searched.faces, (face) => face.score, choice) };
}

/** @throws SightlineError FACE_NOT_FOUND, and what `Pictures.read` throws */
export async function readFaces(pictures: Pictures, picture: Buffer, choice: Choice): Promise<ReadPicture> {
  // Which are the largest of the likely ones is known only when all were found.
  const most = choice.limit === 0 || choice.det_prob_threshold > 0 ? mostFaces : choice.limit;
  const read = await pictures.read(picture, Math.min(most, mostFaces));
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
    throw new SightlineError('FACE_NOT_FOUND', `Expected a face in the picture${sure} but found none.`);
  }
  return limit === 0 ? likely : likely.slice(0, limit);
}
