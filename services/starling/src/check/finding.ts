/** One thing that `starling check` has looked at. */
export interface Finding {
  readonly name: string;
  /** `warning`: it works, but somebody should know. `skipped`: it could not be looked at, because something before it failed. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
}

/** A finding with the name left out: the list of checks gives it. */
export type Outcome = Omit<Finding, 'name'>;

export const ok = (text: string): Outcome => ({ verdict: 'ok', text });
export const warning = (text: string): Outcome => ({ verdict: 'warning', text });
export const failed = (text: string): Outcome => ({ verdict: 'failed', text });
export const skipped = (text: string): Outcome => ({ verdict: 'skipped', text });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What was learnt of a server; `none`: none is configured, all is in this process. */
export type Look<Facts> = 'none' | { readonly facts: Facts } | { readonly error: string };

/** What is judged of a server that does not answer: that is one failure, not one for each thing that it could have said. */
export function judged<Facts>(look: Look<Facts>, none: string, judge: (facts: Facts) => Outcome): Outcome {
  if (look === 'none') return ok(none);
  return 'facts' in look ? judge(look.facts) : skipped('it does not answer');
}
