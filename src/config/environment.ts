import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The folder in which programs of this user keep what they can fetch again, by the XDG Base Directory Specification.
 * Read before `keepFontCacheIn` changes the variable.
 */
export const userCacheDir = chosenCacheDir() ?? join(homedir(), '.cache');

/** The specification has relative paths ignored. */
function chosenCacheDir(): string | undefined {
  const dir = process.env['XDG_CACHE_HOME'];
  return dir !== undefined && isAbsolute(dir) ? dir : undefined;
}

/**
 * Makes fontconfig, which draws the names, keep its font cache in Sightline's folder. By default it writes to the user's
 * home folder whenever the system's own cache is missing or out of date. fontconfig reads the variable when the first
 * text is drawn, so call this earlier. A folder that the user has chosen is kept.
 *
 * @param folder where `fontconfig/` is created
 */
export function keepFontCacheIn(folder: string): void {
  process.env['XDG_CACHE_HOME'] ??= resolve(folder);
}

/** The environment of this program, for programs that it starts. */
export function inheritedEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
