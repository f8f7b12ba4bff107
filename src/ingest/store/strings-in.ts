/** JSON within a string of JSON, and so on: nothing of ours goes deeper. */
const MAX_DEPTH = 4;

/**
 * The strings of JSON, those of JSON within a string too, in a text that may be damaged anywhere: what
 * stands between any two quotation marks is taken for one.
 */
export function* stringsIn(text: string, depth = 1): Generator<string> {
  let start: number | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '\\') {
      index += 1;
      continue;
    }
    if (character !== '"') continue;
    const string = start === undefined ? undefined : unescape(text.slice(start, index));
    start = index + 1;
    if (string === undefined) continue;
    yield string;
    if (depth < MAX_DEPTH && string.includes('"')) yield* stringsIn(string, depth + 1);
  }
}

function unescape(piece: string): string | undefined {
  if (!piece.includes('\\')) return piece;
  try {
    return JSON.parse(`"${piece}"`) as string;
  } catch {
    return undefined;
  }
}
