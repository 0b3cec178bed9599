import { SightlineError } from '../core/errors.js';
import type { FaceCrop, FaceEmbedder } from '../core/face-embedder.js';
import type { Detection } from '../core/face.js';
import { qualityScore } from '../core/face-quality.js';
import { fitting, type HeadStore, type MisfitListener } from '../core/heads.js';
import type { Storage } from '../core/storage.js';
import type { RgbImage } from '../core/image.js';
import { photoDetector } from '../detection/create-detector.js';
import { cutFace, decodeCrop, embedCrop } from '../recognition/embedding/crop.js';
import { rulesFor } from '../recognition/decision/decision.js';
import { landmarksIn } from '../recognition/embedding/landmark-square.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { identifyFace } from '../recognition/decision/identify-face.js';
import { similarPeople } from '../recognition/decision/similarity.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import { siameseProbability } from '../recognition/heads/siamese.js';
import {
  verifyFaces,
  type PairProbability,
  type Verification,
} from '../recognition/decision/verify-faces.js';
import type { IdentifiedFace, PictureService, ReadFace, ReadPicture, SearchedPicture } from './services.js';
import type { PictureReader } from './picture-reader.js';

/** The nearest people that a face is compared with by name; the margin needs two. */
const leastNeighbours = 3;

export interface UploadedPicturesOptions {
  readonly reader: PictureReader;
  /** The model in use; throws NOT_READY while there is none. */
  readonly model: () => RecognitionModel;
  readonly store: Pick<Storage, 'embeddings' | 'heads'>;
}

interface CutFace {
  readonly detection: Detection;
  readonly crop: FaceCrop;
}

/** Faces on uploaded pictures, as `sightline detect`, `identify` and `verify` see them. */
export class UploadedPictures implements PictureService {
  readonly detector = photoDetector.kind;
  readonly #options: UploadedPicturesOptions;

  constructor(options: UploadedPicturesOptions) {
    this.#options = options;
  }

  async detect(picture: Buffer): Promise<SearchedPicture<Detection>> {
    return this.#search(picture, (_image, detections) => detections);
  }

  async read(picture: Buffer, most: number): Promise<ReadPicture> {
    const { embedder } = this.#options.model();
    const cut = await this.#search(picture, (image, detections) => cutFaces(image, detections, most));
    return embedded(cut, embedder);
  }

  async readWhole(picture: Buffer): Promise<ReadPicture> {
    const { embedder } = this.#options.model();
    const cut = await this.#options.reader.withPicture(picture, (image, detectMs) => {
      const { width, height } = image;
      const box = { x: 0, y: 0, width, height };
      const faces = cutFaces(image, [{ box, score: 1, landmarks: landmarksIn(box) }], 1);
      return Promise.resolve({ width, height, detectMs, faces });
    });
    return embedded(cut, embedder);
  }

  async identify(face: ReadFace, neighbours: number): Promise<IdentifiedFace> {
    const { spec, thresholds, classifier, gallery } = this.#modelOf(face);
    const { vector, quality } = face;
    const nearest = await gallery.match(vector, Math.max(neighbours, leastNeighbours));
    const rules = rulesFor(spec, thresholds, gallery.faces, classifier);
    const identity = identifyFace({ nearest, quality, vector }, rules);
    const similar = similarPeople(identity, nearest, spec).slice(0, neighbours);
    return { ...identity, nearest: nearest.slice(0, neighbours), similar };
  }

  async verify(first: ReadFace, second: ReadFace): Promise<Verification> {
    this.#modelOf(first);
    const { spec, thresholds } = this.#modelOf(second);
    // A head that does not fit was told of when the program started.
    const head = await loadPairHead(this.#options.store.heads, spec, () => undefined);
    return verifyFaces([first.vector, second.vector], spec, thresholds.threshold ?? spec.threshold, head);
  }

  async verifyPhoto(face: ReadFace, photoId: string): Promise<Verification> {
    const { embedder } = this.#modelOf(face);
    const stored = await this.#options.store.embeddings.crop(photoId);
    if (!stored)
      throw new SightlineError('PHOTO_NOT_FOUND', `Expected the id of a photo but received ${photoId}.`);
    const { embedding } = await embedCrop(embedder, await decodeCrop(stored));
    return this.verify(face, { ...face, ...embedding });
  }

  /** Decodes and searches a picture, and takes from its pixels what `take` needs. */
  async #search<Face>(
    picture: Buffer,
    take: (image: RgbImage, detections: readonly Detection[]) => readonly Face[],
  ): Promise<SearchedPicture<Face>> {
    const { reader } = this.#options;
    return reader.withPicture(picture, async (image, decodeMs) => {
      const begun = performance.now();
      const detections = await reader.detect(image);
      const { width, height } = image;
      const detectMs = decodeMs + performance.now() - begun;
      return { width, height, detectMs, faces: take(image, detections) };
    });
  }

  /** The model in use, if a face was embedded by it. */
  #modelOf({ model: { id, version } }: ReadFace): RecognitionModel {
    const model = this.#options.model();
    const inUse = model.embedder.model;
    if (inUse.id === id && inUse.version === version) return model;
    throw new SightlineError(
      'NOT_READY',
      `Expected a face embedded by ${inUse.id} version ${inUse.version} but the embedder was ${id} version ${version} until now.`,
    );
  }
}

/** The first so many faces that lie inside the picture. */
function cutFaces(image: RgbImage, detections: readonly Detection[], most: number): CutFace[] {
  const cut: CutFace[] = [];
  for (const detection of detections) {
    if (cut.length >= most) break;
    const crop = cutFace(image, detection.landmarks);
    if (crop) cut.push({ detection, crop });
  }
  return cut;
}

async function embedded(
  { faces, ...searched }: SearchedPicture<CutFace>,
  embedder: FaceEmbedder,
): Promise<ReadPicture> {
  const begun = performance.now();
  const read = await Promise.all(faces.map((face) => readFace(face, embedder)));
  return { ...searched, faces: read, embedMs: performance.now() - begun };
}

async function readFace({ detection, crop }: CutFace, embedder: FaceEmbedder): Promise<ReadFace> {
  const { embedding, quality } = await embedCrop(embedder, crop);
  return { detection, ...embedding, quality: qualityScore(quality) };
}

/** The Siamese head, when the user trained one that fits the embedder. @throws SightlineError HEAD_CORRUPT */
export async function loadPairHead(
  heads: HeadStore,
  spec: EmbedderSpec,
  onMisfit: MisfitListener,
): Promise<PairProbability | null> {
  const head = fitting(await heads.load('siamese'), spec, onMisfit);
  return head && ((u, v) => siameseProbability(head, u, v));
}
