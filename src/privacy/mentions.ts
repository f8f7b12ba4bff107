/** Shorter ids are looked for as words alone: a "3" stands in every number. */
const LONG_ID = 6;
/** Of an id that was cut off so many characters are taken for it. */
const FEWEST_CUT_OFF = 6;
/** What stands behind a text that was cut off. */
const CUT_OFF = '…';
/** JSON in a string of JSON in a query string has ten. */
const MOST_FORMS = 30;

/** An escape that was cut off itself: of a byte or more, or of a character. */
const BROKEN_ESCAPE = /(?:\ufffd+|%[\da-f]?|\\(?:u[\da-f]{0,3})?)+$/i;
const WORD = /[\p{L}\p{N}]/u;

/** Finds ids in texts that were sent, however they are written there: percent-encoded, or as JSON. */
export class Mentions {
  constructor(private readonly ids: readonly string[]) {}

  isIn(text: string): boolean {
    for (const form of formsOf(text)) {
      if (this.ids.some((id) => holds(form, id) || endsWithinId(form, id))) return true;
    }
    return false;
  }
}

/** The text, and what it's read as, until that is nothing new. */
function formsOf(text: string): Set<string> {
  const forms = new Set([text]);
  for (const form of forms) {
    if (forms.size >= MOST_FORMS) break;
    forms.add(percentDecoded(form)).add(unescaped(form));
  }
  return forms;
}

function holds(text: string, id: string): boolean {
  for (let place = text.indexOf(id); place !== -1; place = text.indexOf(id, place + 1)) {
    if (id.length >= LONG_ID) return true;
    const isWithin = WORD.test(text[place - 1] ?? '') || WORD.test(text[place + id.length] ?? '');
    if (!isWithin) return true;
  }
  return false;
}

/** Whether the text was cut off in the middle of the id. */
function endsWithinId(text: string, id: string): boolean {
  if (!text.endsWith(CUT_OFF)) return false;
  const end = text.slice(0, -CUT_OFF.length).replace(BROKEN_ESCAPE, '');
  for (let length = id.length - 1; length >= FEWEST_CUT_OFF; length -= 1) {
    if (end.endsWith(id.slice(0, length))) return true;
  }
  return false;
}

function percentDecoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return spaced.replaceAll(/(?:%[\da-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:u([\da-f]{4})|(["\\/]))/gi,
    (_, code?: string, character?: string) =>
      code === undefined ? character! : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
