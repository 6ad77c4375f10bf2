// @xmpp/client comes without types; this is what the driver uses of it.
declare module '@xmpp/client' {
  export interface XmlElement {
    readonly name: string;
    readonly attrs: Readonly<Record<string, string | undefined>>;
    is(name: string): boolean;
    getChildren(name: string): readonly XmlElement[];
    getChildText(name: string): string | null;
  }
  interface XmppClient {
    readonly reconnect: { stop(): void };
    readonly streamManagement: {
      on(event: 'resumed', listener: () => void): void;
      on(event: 'ack', listener: (stanza: XmlElement) => void): void;
    };
    /** Both resolve with the child of the answer, undefined when it has none, and reject with its error. */
    readonly iqCaller: {
      get(element: XmlElement): Promise<XmlElement | undefined>;
      set(element: XmlElement): Promise<XmlElement | undefined>;
    };
    on(event: 'stanza', listener: (stanza: XmlElement) => void): void;
    on(event: 'send', listener: (element: XmlElement) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    on(event: 'online', listener: (address: { toString(): string }) => void): void;
    once(event: 'online', listener: (address: { toString(): string }) => void): void;
    start(): Promise<{ toString(): string }>;
    send(element: XmlElement): Promise<void>;
    stop(): Promise<unknown>;
  }
  export function client(options: {
    service: string;
    domain: string;
    username: string;
    password: string;
    resource?: string;
  }): XmppClient;
  export function xml(name: string, attrs?: Record<string, string>, ...children: (XmlElement | string)[]): XmlElement;
}
