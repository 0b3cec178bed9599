import type sharp from 'sharp';

/** Loads sharp when pictures are needed. Commands that only manage what is stored start in half the time without it. */
export async function loadSharp(): Promise<typeof sharp> {
  return (await import('sharp')).default;
}
