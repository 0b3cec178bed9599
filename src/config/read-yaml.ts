import { parseDocument } from 'yaml';

/**
 * What a YAML text says.
 * @throws Error that tells where the text is wrong and never repeats it, for it may hold passwords
 */
export function readYaml(text: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message.split(/:?\n/)[0]);
  return document.toJS();
}
