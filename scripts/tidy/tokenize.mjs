// TypeScript text → tokens: enough to tell a string from a comment from code. (The compiler's own API is marked unstable.)

/** A `/` behind one of these begins a regular expression; behind another word, a number, `)` or `]` it divides. */
const BEFORE_EXPRESSION = new Set([
  'await',
  'case',
  'delete',
  'do',
  'else',
  'in',
  'instanceof',
  'of',
  'return',
  'throw',
  'typeof',
  'void',
  'yield',
]);
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const REGEX = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const PLAIN_TEMPLATE = /(?:[^\\`$]|\\[\s\S]|\$(?!\{))*/y;
/** What stands for a substitution in the text of a template. */
const SUBSTITUTION = '$' + '{}';

/**
 * All tokens but white space and comments: { kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'mark', text, line }. The
 * text of a string is what stands between its quotes; of a template all of it, each substitution as `${}`.
 */
export function tokenize(text) {
  const tokens = [];
  let at = 0;
  let line = 1;

  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const advance = (length) => {
    for (const end = at + length; at < end; at++) if (text[at] === '\n') line++;
  };
  const push = (kind, length, value = text.slice(at, at + length)) => {
    tokens.push({ kind, text: value, line });
    advance(length);
  };
  const divides = () => {
    const last = tokens.at(-1);
    if (!last) return false;
    if (last.kind === 'mark') return last.text === ')' || last.text === ']' || last.text === '}';
    return last.kind !== 'word' || !BEFORE_EXPRESSION.has(last.text);
  };
  const scanString = (quote) => {
    let end = at + 1;
    while (end < text.length && text[end] !== quote && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
    push('string', end + 1 - at, text.slice(at + 1, end));
  };
  const scanTemplate = () => {
    const template = { kind: 'template', text: '', line };
    tokens.push(template);
    advance(1);
    while (at < text.length) {
      const plain = match(PLAIN_TEMPLATE) ?? '';
      template.text += plain;
      advance(plain.length);
      if (text[at] === '`') return advance(1);
      template.text += SUBSTITUTION;
      advance(2);
      scanUntil('}');
      advance(1);
    }
  };
  /** Scans up to `end` outside of nested braces, or to the end of the text. */
  const scanUntil = (end) => {
    let depth = 0;
    while (at < text.length) {
      const c = text[at];
      if (c === end && depth === 0) return;
      if (c === '{') depth++;
      if (c === '}') depth--;
      if (/\s/.test(c)) advance(1);
      else if (text.startsWith('//', at)) advance((text.indexOf('\n', at) + 1 || text.length + 1) - 1 - at);
      else if (text.startsWith('/*', at)) advance((text.indexOf('*/', at + 2) + 2 || text.length + 1) - at);
      else if (c === "'" || c === '"') scanString(c);
      else if (c === '`') scanTemplate();
      else if (match(WORD)) push('word', match(WORD).length);
      else if (match(NUMBER)) push('number', match(NUMBER).length);
      else if (c === '/' && !divides() && match(REGEX)) push('regex', match(REGEX).length);
      else push('mark', text.startsWith('=>', at) ? 2 : 1);
    }
  };
  scanUntil('');
  return tokens;
}
