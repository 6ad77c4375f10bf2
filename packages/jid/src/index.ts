export {
  type BareJid,
  bareOf,
  domainOf,
  type FullJid,
  isFull,
  type Jid,
  localOf,
  makeBareJid,
  makeFullJid,
  parseBareJid,
  parseJid,
  resourceOf,
  tryParseJid,
} from './jid.ts';
export { JidError } from './jid-error.ts';
export { prepareDomain, prepareLocal, prepareResource } from './prepare.ts';
