import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SightlineError } from '../core/errors.js';
import type { ClassifierHead, Head, HeadKind, ProjectionHead, SiameseHead } from '../core/heads.js';
import { headSchemas } from './head-schema.js';

interface HeadByKind {
  siamese: SiameseHead;
  projection: ProjectionHead;
  classifier: ClassifierHead;
}

/**
 * The heads that are switched on: files in a folder `heads` of the data folder, readable by the owner only. A head that
 * is there is on.
 */
export class HeadStore {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'heads');
  }

  /** Where the projection's ONNX network is, when `load('projection')` gives one. */
  get projectionPath(): string {
    return join(this.#folder, 'projection.onnx');
  }

  /**
   * The head of a kind, or null when none is on.
   * @throws SightlineError HEAD_CORRUPT when a file is damaged, or the projection's two are not of one training
   */
  async load<K extends HeadKind>(kind: K): Promise<HeadByKind[K] | null> {
    const bytes = await this.#read(this.#path(kind));
    if (bytes === null) return null;
    const head = this.#parse(kind, bytes);
    if (head.kind === 'projection') await this.#checkNetwork(head);
    return head as HeadByKind[K];
  }

  /**
   * Switches a head on, in place of the one before.
   *
   * @param network the ONNX file of a projection, null for other heads
   * @throws SightlineError DATA_UNWRITABLE
   */
  async save(head: Head, network: Uint8Array | null): Promise<void> {
    await this.#attempt(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      if (network) await writeWhole(this.projectionPath, network);
      await writeWhole(this.#path(head.kind), Buffer.from(`${JSON.stringify(head)}\n`));
    });
  }

  /** Whether a head is on, damaged or not. @throws SightlineError DATA_UNWRITABLE */
  async has(kind: HeadKind): Promise<boolean> {
    return (await this.#read(this.#path(kind))) !== null;
  }

  /** Switches a head off, for good. Whether it was on. @throws SightlineError DATA_UNWRITABLE */
  async remove(kind: HeadKind): Promise<boolean> {
    const wasOn = await this.has(kind);
    await this.#attempt(async () => {
      await rm(this.#path(kind), { force: true });
      if (kind === 'projection') await rm(this.projectionPath, { force: true });
    });
    return wasOn;
  }

  #path(kind: HeadKind): string {
    return join(this.#folder, `${kind}.json`);
  }

  #parse(kind: HeadKind, bytes: Buffer): Head {
    try {
      return headSchemas[kind].parse(JSON.parse(bytes.toString('utf8')));
    } catch (error) {
      throw this.#corrupt(kind, 'something else', error);
    }
  }

  async #checkNetwork({ hash }: ProjectionHead): Promise<void> {
    const network = await this.#read(this.projectionPath);
    if (network === null) throw this.#corrupt('projection', 'no projection.onnx beside it');
    if (!createHash('sha256').update(network).digest('hex').startsWith(hash))
      throw this.#corrupt('projection', 'a projection.onnx of another training beside it');
  }

  #corrupt(kind: HeadKind, received: string, cause?: unknown): SightlineError {
    const message = `Expected ${this.#path(kind)} to be a trained head but received ${received}`;
    return new SightlineError('HEAD_CORRUPT', message, { cause });
  }

  /** The bytes of a file, null when there is none. */
  #read(path: string): Promise<Buffer | null> {
    return this.#attempt(() =>
      readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      }),
    );
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = `Expected to read and write ${this.#folder} but received: ${String(error)}`;
      throw new SightlineError('DATA_UNWRITABLE', message, { cause: error });
    }
  }
}

/** Whoever looks meanwhile sees the file of before or the new one, whole. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
