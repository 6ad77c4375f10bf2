// tr46 ships no types.
declare module 'tr46' {
  interface Options {
    readonly checkHyphens?: boolean;
    readonly checkBidi?: boolean;
    readonly checkJoiners?: boolean;
    readonly useSTD3ASCIIRules?: boolean;
    readonly transitionalProcessing?: boolean;
    readonly verifyDNSLength?: boolean;
  }
  const tr46: {
    toUnicode(domain: string, options: Options): { readonly domain: string; readonly error: boolean };
    toASCII(domain: string, options: Options): string | null;
  };
  export default tr46;
}

declare module 'tr46/lib/regexes.js' {
  const regexes: Readonly<
    Record<
      | 'combiningClassVirama'
      | 'validZWNJ'
      | 'bidiDomain'
      | 'bidiS1LTR'
      | 'bidiS1RTL'
      | 'bidiS2'
      | 'bidiS3'
      | 'bidiS4EN'
      | 'bidiS4AN'
      | 'bidiS5'
      | 'bidiS6',
      RegExp
    >
  >;
  export default regexes;
}
