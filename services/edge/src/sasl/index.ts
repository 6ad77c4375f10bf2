export { HashedToken, type HashedTokenOptions, type OfferedToken } from './hashed-token.ts';
export { type DeriveOptions, deriveKeys, makeKeys, PasswordError } from './keys.ts';
export type { Mechanism, MechanismOptions, Step } from './mechanism.ts';
export { type ConnectionSecurity, createMechanism, MECHANISMS, mechanismsFor } from './mechanisms.ts';
export { type SaslCondition, SaslError } from './sasl-error.ts';
export { decodeSaslText, encodeSaslText } from './sasl-text.ts';
