// What values.yaml says of itself: the comments that begin with `# --`, by the path of the key below them.
const KEY = /^( *)([\w-]+):/;
const COMMENT = /^ *# ?(.*)$/;

export function valuesDocs(text) {
  const docs = new Map();
  const above = [];
  let pending;
  for (const line of text.split('\n')) {
    const comment = COMMENT.exec(line)?.[1];
    if (comment !== undefined) {
      if (comment.startsWith('-- ')) pending = comment.slice(3);
      else if (pending !== undefined) pending += ` ${comment.trim()}`;
      continue;
    }
    const [, indent, key] = KEY.exec(line) ?? [];
    if (key === undefined) {
      pending = undefined;
      continue;
    }
    above.length = indent.length / 2;
    above.push(key);
    if (pending !== undefined) docs.set(above.join('.'), pending);
    pending = undefined;
  }
  return docs;
}
