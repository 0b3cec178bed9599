import { createHash } from 'node:crypto';
import { SightlineError } from '../../core/errors.js';
import type {
  Head,
  HeadByKind,
  HeadKind,
  HeadStore,
  ProjectionNetwork,
  ClassifierHead,
  ProjectionHead,
  SiameseHead,
} from '../../core/heads.js';
import type { Row, SqliteConnection } from './connection.js';
import type { FileImport } from './file-import.js';
import { z } from 'zod';

interface HeadRow extends Row {
  head: string;
  network: ArrayBuffer | null;
}

/** The trained heads in the database. */
export class SqliteHeadStore implements HeadStore {
  readonly #db: SqliteConnection;
  readonly #files: FileImport;

  constructor(db: SqliteConnection, files: FileImport) {
    this.#db = db;
    this.#files = files;
  }

  async load<K extends HeadKind>(kind: K): Promise<HeadByKind[K] | null> {
    return ((await this.#read(kind))?.head ?? null) as HeadByKind[K] | null;
  }

  async projection(): Promise<ProjectionNetwork | null> {
    return (await this.#read('projection')) as ProjectionNetwork | null;
  }

  async save(head: Head, network: Uint8Array | null): Promise<void> {
    await this.#db.write(() => {
      saveHead(this.#db, head, network);
      this.#db.touch('heads');
    });
    await this.#files.discardHead(head.kind);
  }

  has(kind: HeadKind): Promise<boolean> {
    return this.#db.attempt(
      () => this.#files.hasHead(kind) || this.#db.rows('SELECT 1 FROM heads WHERE kind = ?', kind).length > 0,
    );
  }

  async remove(kind: HeadKind): Promise<boolean> {
    const wasOn = await this.has(kind);
    await this.#files.discardHead(kind);
    await this.#db.erase(() => {
      this.#db.run('DELETE FROM heads WHERE kind = ?', kind);
      if (wasOn) this.#db.touch('heads');
    });
    return wasOn;
  }

  async #read(kind: HeadKind): Promise<{ head: Head; network: Uint8Array | null } | null> {
    await this.#files.importHead(kind);
    return this.#db.attempt(() => {
      const query = 'SELECT head, network FROM heads WHERE kind = ?';
      const [row] = this.#db.rows<HeadRow>(query, kind);
      if (row === undefined) return null;
      const network = row.network === null ? null : new Uint8Array(row.network);
      return { head: readHead(kind, row.head, network, 'the gallery'), network };
    });
  }
}

/** Call inside a `write`. */
export function saveHead(db: SqliteConnection, head: Head, network: Uint8Array | null): void {
  db.run('INSERT OR REPLACE INTO heads VALUES (?, ?, ?)', head.kind, JSON.stringify(head), network);
}

/**
 * Parses and checks a stored head.
 *
 * @param place where it was read from, for the error message
 * @throws SightlineError HEAD_CORRUPT when it is damaged, or a projection and its network are not of one training
 */
export function readHead(kind: HeadKind, text: string, network: Uint8Array | null, place: string): Head {
  const corrupt = (received: string, cause?: unknown): SightlineError => {
    const message = `Expected a trained ${kind} head in ${place} but received ${received}`;
    return new SightlineError('HEAD_CORRUPT', message, { cause });
  };
  let head: Head;
  try {
    head = headSchemas[kind].parse(JSON.parse(text));
  } catch (error) {
    throw corrupt('something else', error);
  }
  if (head.kind !== 'projection') return head;
  if (network === null) throw corrupt('no network beside it');
  if (!createHash('sha256').update(network).digest('hex').startsWith(head.hash))
    throw corrupt('the network of another training beside it');
  return head;
}

const numbers = z.array(z.number());
const base = {
  model: z.object({ id: z.string(), version: z.string() }),
  dimension: z.int().positive(),
  trainedAt: z.number(),
};

const siamese = z.object({
  kind: z.literal('siamese'),
  ...base,
  weights: z.object({ distance: z.number(), differences: numbers }),
  confidence: z.object({ midpoint: z.number(), slope: z.number().positive() }),
}) satisfies z.ZodType<SiameseHead>;

const projection = z.object({
  kind: z.literal('projection'),
  ...base,
  outputDimension: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{8}$/),
  distances: z.object({ factor: z.number().positive(), offset: z.number() }),
}) satisfies z.ZodType<ProjectionHead>;

const vectors = z.array(numbers);
const rule = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('linear-svm'),
    classes: z.array(z.object({ weights: numbers, bias: z.number() })),
  }),
  z.object({
    type: z.literal('rbf-svm'),
    gamma: z.number().positive(),
    vectors,
    classes: z.array(z.object({ coefficients: numbers, bias: z.number() })),
  }),
  z.object({
    type: z.literal('knn'),
    neighbours: z.int().positive(),
    gamma: z.number().positive(),
    vectors,
    labels: z.array(z.int().nonnegative()),
  }),
]);

const classifier = z.object({
  kind: z.literal('classifier'),
  ...base,
  people: z.array(z.string()).nonempty(),
  rejectBelow: z.number(),
  rule,
}) satisfies z.ZodType<ClassifierHead>;

/** What a head's JSON file must look like. */
const headSchemas = {
  siamese: siamese.refine(({ weights, dimension }) => weights.differences.length === dimension),
  projection,
  classifier: classifier.refine(hasWholeRule),
} satisfies Record<HeadKind, z.ZodType>;

/** Whether all rows are as long as embeddings, and there is one class a person. */
function hasWholeRule({ rule, people, dimension }: z.infer<typeof classifier>): boolean {
  const fits = (row: readonly number[]): boolean => row.length === dimension;
  switch (rule.type) {
    case 'linear-svm':
      return rule.classes.length === people.length && rule.classes.every(({ weights }) => fits(weights));
    case 'rbf-svm':
      return (
        rule.vectors.every(fits) &&
        rule.classes.length === people.length &&
        rule.classes.every(({ coefficients }) => coefficients.length === rule.vectors.length)
      );
    case 'knn':
      return (
        rule.vectors.every(fits) &&
        rule.labels.length === rule.vectors.length &&
        rule.labels.every((label) => label < people.length)
      );
  }
}
