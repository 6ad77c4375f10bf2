import { StreamError } from '@starling/stanza';

/**
 * RFC 6120 §4.9.3.17, to who wants to resume a session that cannot go on just now. Behind `<failed/>` (XEP-0198 §5) he would bind a resource, and
 * the session with all that waits in it would be over; so he comes again with the same `previd`.
 */
export const notNow = (): StreamError =>
  new StreamError('resource-constraint', 'the session is still there: resume it a little later');
