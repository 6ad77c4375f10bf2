const DATE_TIME = /^\d{4}-\d{2}-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const DAY = /-(\d{2})T/;

/** Unix time in ms of a text in the DateTime profile of XEP-0082; undefined when it is none, or no moment. */
export function parseDateTime(text: string): number | undefined {
  if (!DATE_TIME.test(text)) return undefined;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return undefined;
  // The 31st of a month that has 30 days would be the 1st of the next.
  const [, day] = DAY.exec(text) ?? [];
  const local = new Date(Date.parse(`${text.slice(0, 'CCYY-MM-DDThh:mm:ss'.length)}Z`));
  return local.getUTCDate() === Number(day) ? atMs : undefined;
}
