// Prints what is long, so that everyone sees it: judge, don't split to please it.

const SHOWN = 10;
const NO_FUNCTION = new Set(['if', 'for', 'while', 'switch', 'catch', 'with']);

/** The functions of a source: { name, line, lines }. A guess from tokens, good enough to look at. */
export function functionsOf(tokens) {
  const found = [];
  const open = [];
  tokens.forEach((token, i) => {
    if (token.kind !== 'mark') return;
    if (token.text === '{') open.push({ name: functionName(tokens, i), line: token.line });
    else if (token.text === '}') {
      const start = open.pop();
      if (start?.name) found.push({ ...start, lines: token.line - start.line + 1 });
    }
  });
  return found;
}

/** The name of the function whose body opens at token i; undefined when it is another kind of brace. */
function functionName(tokens, i) {
  if (tokens[i - 1]?.text === '=>') return arrowName(tokens, i - 1);
  // Back over a return type to the parenthesis that ends the parameters.
  let j = i - 1;
  for (let depth = 0; j >= 0; j--) {
    const { text, kind } = tokens[j];
    if (kind !== 'mark') continue;
    if (text === '>' || text === ']' || (text === '}' && depth > 0)) depth++;
    else if (text === '<' || text === '[') depth--;
    else if (depth === 0 && text === ')') break;
    else if (depth === 0 && ![':', '.', '|', '&'].includes(text)) return undefined;
  }
  let before = openingOf(tokens, j, '(', ')') - 1;
  if (tokens[before]?.text === '>') before = openingOf(tokens, before, '<', '>') - 1;
  const name = tokens[before];
  if (name?.kind !== 'word' || NO_FUNCTION.has(name.text)) return undefined;
  return name.text === 'function' ? '(anonymous)' : name.text;
}

function arrowName(tokens, arrow) {
  const limit = Math.max(0, arrow - 80);
  for (let j = arrow; j > limit; j--) {
    if (tokens[j].text === '=' && tokens[j - 1].kind === 'word') return tokens[j - 1].text;
    if (tokens[j].text === ';' || tokens[j].text === '{') break;
  }
  return '(arrow)';
}

function openingOf(tokens, closing, open, close) {
  let depth = 0;
  for (let j = closing; j >= 0; j--) {
    if (tokens[j].kind !== 'mark') continue;
    if (tokens[j].text === close) depth++;
    if (tokens[j].text === open && --depth === 0) return j;
  }
  return 0;
}

/** The lines to print. */
export function describeLongest(repository) {
  const sources = repository.sources.filter((s) => !s.isTest && !s.isGenerated);
  const files = sources.map((s) => ({ lines: s.lines, name: s.path }));
  const functions = sources.flatMap((s) =>
    functionsOf(s.tokens).map((f) => ({ lines: f.lines, name: `${s.path}:${f.line} ${f.name}` })),
  );
  const top = (rows) =>
    rows
      .sort((a, b) => b.lines - a.lines)
      .slice(0, SHOWN)
      .map(({ lines, name }) => `  ${String(lines).padStart(4)}  ${name}`);
  return ['longest files:', ...top(files), 'longest functions:', ...top(functions)];
}
