// Random tokens, and the claims of signed ones.

/** A random token in base64url. */
export function randomToken(byteCount) {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(byteCount)));
}

export function toBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The claims of a JSON Web Token. Does not verify the signature: only the API does. */
export function readClaims(token) {
  const binary = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))));
}
