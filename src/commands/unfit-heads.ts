import { fits, type HeadInput, type HeadKind, type HeadStore, type MisfitListener } from '../core/heads.js';

/**
 * Switches off what was trained on other embeddings than those in use from now on, because it would never be used.
 * @returns the heads that were switched off
 */
export async function dropUnfitHeads(store: HeadStore, spec: HeadInput): Promise<HeadKind[]> {
  const dropped: HeadKind[] = [];
  for (const kind of ['siamese', 'classifier'] as const) {
    // A damaged one is not ours to judge; `sightline heads` tells of it.
    const head = await store.load(kind).catch(() => null);
    if (head === null || fits(head, spec)) continue;
    await store.remove(kind);
    dropped.push(kind);
  }
  return dropped;
}

/** Says that a head is left out because it was trained for another embedder. */
export const tellMisfit: MisfitListener = ({ code, message, remedy }) =>
  void process.stderr.write(`${code}: ${message}\n  ${remedy}\n`);

/** Says so to people, a line each. */
export function describeDropped(dropped: readonly HeadKind[]): string[] {
  return dropped.map(
    (kind) =>
      `The ${kind} head was trained on other embeddings and is off now; train it again to have it back`,
  );
}

/** What a change of heads means for a program that is running. */
export const restartNeeded = 'A `sightline run` that is running takes this in when it is started again';
