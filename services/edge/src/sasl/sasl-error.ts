/** The conditions of RFC 6120 §6.5. */
export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure';

/** The authentication failed. `text` is fit to be shown to the client: it never tells a wrong password from an unknown name. */
export class SaslError extends Error {
  override readonly name = 'SaslError';
  readonly condition: SaslCondition;
  readonly text: string;
  constructor(condition: SaslCondition, text = '', options?: { cause?: unknown }) {
    super(text || condition, options);
    this.condition = condition;
    this.text = text;
  }
}
