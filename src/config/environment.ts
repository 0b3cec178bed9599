import { resolve } from 'node:path';

/**
 * Has fontconfig, with which names are drawn, keep its cache of the system's fonts in a folder of Sightline's rather
 * than in the user's home folder, where it goes whenever the system's own cache is missing or out of date. fontconfig
 * reads the variable when the first text is drawn, so call it before. A user who has chosen a folder keeps it.
 *
 * @param folder `fontconfig/` is made in it
 */
export function keepFontCacheIn(folder: string): void {
  process.env['XDG_CACHE_HOME'] ??= resolve(folder);
}

/** Every variable of this program, for programs that it starts. */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
