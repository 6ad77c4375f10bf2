import { bytes, int } from '@starling/runtime';

/** Bounds of what accounts keep beside their rosters; each answer fits in one message of the bus. */
export const personalFields = {
  privateXmlBytesMax: bytes(
    'STARLING_PRIVATE_XML_BYTES_MAX',
    '256KiB',
    { min: 10_000, max: '768KiB' },
    'private XML of one account, together (XEP-0049)',
  ),
  privateXmlElementsMax: int(
    'STARLING_PRIVATE_XML_ELEMENTS_MAX',
    100,
    { min: 1 },
    'elements of private XML of one account',
  ),
  vcardBytesMax: bytes('STARLING_VCARD_BYTES_MAX', '192KiB', { min: 10_000, max: '768KiB' }, 'of one vCard (XEP-0054)'),
  blocksMax: int('STARLING_BLOCKS_MAX', 2_000, { min: 1 }, 'JIDs that one account may have blocked (XEP-0191)'),
  blocksBytesMax: bytes(
    'STARLING_BLOCKS_BYTES_MAX',
    '128KiB',
    { min: 4_096, max: '512KiB' },
    'of those JIDs together: every change is an entry of the log with the whole list',
  ),
  preferencesMax: int(
    'STARLING_PREFERENCES_MAX',
    2_000,
    { min: 1 },
    'JIDs in the archiving preferences of one account (XEP-0441)',
  ),
  preferencesBytesMax: bytes(
    'STARLING_PREFERENCES_BYTES_MAX',
    '128KiB',
    { min: 4_096, max: '192KiB' },
    'of those JIDs together: every change is an entry of the log with all of them, and with the roster if they go by it',
  ),
};
