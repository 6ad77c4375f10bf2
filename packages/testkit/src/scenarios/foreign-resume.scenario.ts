import { scenario } from '../scenario.ts';
import { survivesItsEdge } from '../survives-its-edge.ts';

// XEP-0198 as clients have it that nobody here wrote: they enable it, reconnect and resume by their own code. Smack does it in
// `npm run interop:smack -- --resume`. stanza speaks WebSocket only, and profanity does not resume.

const three = { edges: [3], transports: ['tcp'], ownWorld: true, timeoutMs: 120_000 } as const;

scenario(
  'XEP-0198 §5 kill -9 of its edge: @xmpp/client goes on with its session on another one and sends again what was not acknowledged',
  three,
  (scene) => survivesItsEdge(scene, 'xmpp-client', { resends: true }),
);

// Asking to resume, its plugin forgets what it has sent and was not acknowledged (xep_0198, _handle_outgoing, as of slixmpp 1.8.3): only
// what it is given to send while it is away is sure to arrive.
scenario(
  'XEP-0198 §5 kill -9 of its edge: slixmpp goes on with its session on another one and sends what it could not send meanwhile',
  three,
  (scene) => survivesItsEdge(scene, 'slixmpp', { resends: false }),
);
