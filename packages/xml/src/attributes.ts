/** Sets an attribute or a binding as an own property, whatever its name. */
export function setOwn(target: Record<string, string>, key: string, value: string): void {
  // A plain assignment to this one name would set the prototype.
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
