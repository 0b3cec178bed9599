import { type HeadKind, type HeadStore, requireFit } from '../core/heads.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';

/**
 * Switches off what was trained on other embeddings than those in use from now on: with it on, nothing would start.
 * @returns the heads that were switched off
 */
export async function dropUnfitHeads(store: HeadStore, spec: EmbedderSpec): Promise<HeadKind[]> {
  const dropped: HeadKind[] = [];
  for (const kind of ['siamese', 'classifier'] as const) {
    // A damaged one is not ours to judge; `sightline heads` tells of it.
    const head = await store.load(kind).catch(() => null);
    if (head === null) continue;
    try {
      requireFit(head, spec);
    } catch {
      await store.remove(kind);
      dropped.push(kind);
    }
  }
  return dropped;
}

/** Says so to people, a line each. */
export function describeDropped(dropped: readonly HeadKind[]): string[] {
  return dropped.map(
    (kind) =>
      `The ${kind} head was trained on other embeddings and is off now; train it again to have it back`,
  );
}

/** What a change of heads means for a program that is running. */
export const restartNeeded = 'A `sightline run` that is running takes this in when it is started again';
