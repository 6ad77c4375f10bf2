import { failed, readResume, resumed, tooHigh } from '@starling/features/xep-0198-stream-management/elements';
import type { BareJid } from '@starling/jid';
import { HandledTooHighError } from '@starling/sm-queue';
import type { Element } from '@starling/xml';
import { notNow } from '../sm/not-now.ts';
import type { Stream } from '../stream/stream.ts';
import type { StreamHost } from '../stream/stream-host.ts';

/** `<failed/>`, and the login goes on; or `<resumed/>`, and so does the session. */
export type ResumedInline =
  | { readonly element: Element }
  | {
      readonly element: Element;
      readonly jid: string;
      /** To be called when the client has been told, or is gone. */
      readonly start: () => void;
    };

/** XEP-0198 "Inline Stream Resumption": as behind a login, but for how the client is told. */
export async function resumeInline(
  host: StreamHost,
  stream: Stream,
  user: BareJid,
  resume: Element,
): Promise<ResumedInline> {
  const request = readResume(resume.attrs);
  if (request === undefined) return { element: failed('bad-request') };
  let outcome: Awaited<ReturnType<StreamHost['resumeSession']>>;
  try {
    outcome = await host.resumeSession(stream, user, request);
  } catch (error) {
    // Policy: §6, the client has to hear that it counts wrongly; nothing else can follow.
    if (!(error instanceof HandledTooHighError)) throw error;
    stream.fail(tooHigh(error.h, error.sent));
    return { element: failed('bad-request') };
  }
  if ('condition' in outcome) {
    if (outcome.later) stream.fail(notNow());
    return { element: failed(outcome.condition, outcome.h) };
  }
  const { session, h, start } = outcome;
  return {
    element: resumed(session.id, h),
    jid: session.jid,
    start: () => {
      const { closed } = stream;
      if (!closed) stream.bound(session);
      host.sessionStarted(session);
      start();
      if (closed) host.linkLost(session); // and it may be resumed again
    },
  };
}
