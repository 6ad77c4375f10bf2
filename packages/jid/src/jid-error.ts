/** Text that is no address, or no part of one. `reason` says why in words and never repeats the text. */
export class JidError extends Error {
  override readonly name = 'JidError';
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}
