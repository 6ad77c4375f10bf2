/** Of everybody's one client. */
export const RESOURCE = 'phone';
/** What it says of its capabilities (XEP-0115). */
export const CAPS =
  "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://conversations.im' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>";
