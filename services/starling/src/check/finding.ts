/** One thing that `starling check` has looked at. */
export interface Finding {
  readonly name: string;
  /** `warning`: it works, but somebody should know. */
  readonly verdict: 'ok' | 'warning' | 'failed';
  readonly text: string;
}

/** A finding with the name left out: the list of checks gives it. */
export type Outcome = Omit<Finding, 'name'>;

export const ok = (text: string): Outcome => ({ verdict: 'ok', text });
export const warning = (text: string): Outcome => ({ verdict: 'warning', text });
export const failed = (text: string): Outcome => ({ verdict: 'failed', text });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
