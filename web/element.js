/**
 * A DOM element with attributes and children. Text becomes text nodes, never markup: names come from people.
 * An attribute that is null is left out.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Sets text only when it differs, so that nothing is laid out or announced again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
