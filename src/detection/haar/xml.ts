/** An element of an XML document: its own text without that of its children, and its children in their order. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const token = /<!--[^]*?-->|<\?[^]*?\?>|<(?<close>\/?)(?<name>[\w.:-]+)[^<>]*?(?<empty>\/?)>|(?<text>[^<]+)/y;

/**
 * Reads an XML document of elements and plain text, which is what OpenCV writes; attributes are passed over, entities
 * stay as they are.
 *
 * @throws SyntaxError that says what is wrong, and in which line
 */
export function parseXml(document: string): XmlElement {
  const top = { name: '', text: '', children: [] as XmlElement[] };
  const open = [top];
  const fail = (what: string, at: number): never => {
    throw new SyntaxError(`${what} in line ${document.slice(0, at).split('\n').length}`);
  };
  token.lastIndex = 0;
  while (token.lastIndex < document.length) {
    const at = token.lastIndex;
    const { close, name, empty, text } =
      token.exec(document)?.groups ?? fail('there is something not XML', at);
    const current = open.at(-1)!;
    if (text !== undefined) current.text += text;
    if (name === undefined) continue;
    if (close !== '') {
      if (open.length === 1 || current.name !== name) fail(`</${name}> ends nothing that is open`, at);
      open.pop();
      continue;
    }
    const element = { name, text: '', children: [] };
    current.children.push(element);
    if (empty === '') open.push(element);
  }
  if (open.length > 1) fail(`<${open.at(-1)!.name}> is not ended`, document.length);
  const [root] = top.children;
  if (root === undefined || top.children.length > 1 || top.text.trim() !== '')
    fail('there is not one root', 0);
  return root!;
}
