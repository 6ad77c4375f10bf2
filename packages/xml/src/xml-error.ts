import type { ScanLimits } from './limits.ts';

/** The stream error conditions of RFC 6120 §4.9.3 that input can earn from the scanner. */
export type XmlCondition =
  | 'bad-namespace-prefix'
  | 'invalid-xml'
  | 'not-well-formed'
  | 'policy-violation'
  | 'restricted-xml'
  | 'unsupported-encoding';

/** Input that the scanner refuses. Its message is fit for `<text/>`: it never holds input. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly condition: XmlCondition;
  /** With policy-violation: the limit that was reached. */
  readonly limit: keyof ScanLimits | undefined;

  constructor(condition: XmlCondition, message: string, limit?: keyof ScanLimits) {
    super(message);
    this.condition = condition;
    this.limit = limit;
  }
}
