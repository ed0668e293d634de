// The visitor's session: a guest with a random token of this browser, or a signed-in user.
import { get, RequestError, sendRequest } from "./api.js";
import { remove, restore, store } from "./storage.js";
import { t } from "./texts.js";
import { randomToken, readClaims } from "./tokens.js";

const RENEWAL_MARGIN_MS = 60_000; // an access token that expires sooner than this is renewed first

export const newIdempotencyKey = () => randomToken(18);

/** The token that identifies this browser's guest. The first call creates it. */
export function getGuestToken() {
  const stored = restore("guest");
  if (stored) return stored;
  const token = randomToken(24);
  store("guest", token);
  return token;
}

/** The signed-in user's session: tokens, `expiresAt` (ms), `name` and `groups`. Null for a guest. */
export const currentSession = () => restore("session");
/** Marks stored values as this visitor's: the user's name, or "" for a guest. */
export const storageOwner = () => currentSession()?.name ?? "";
export const isStaff = () => (currentSession()?.groups ?? []).some((group) => ["staff", "admin"].includes(group));

/** Sends a request as the visitor. The prefix of `path`, such as /basket, is that of guests or of users. */
export async function callApi(method, path, options = {}) {
  const headers = { ...options.headers, ...(await getCredentials()) };
  const prefix = currentSession() ? "/api" : "/api/guest";
  return sendRequest(method, prefix + path, { ...options, headers });
}

/** Sends a request to a path that exists for signed-in users only, such as those of staff. */
export async function callSignedIn(method, path, options = {}) {
  const headers = { ...options.headers, ...(await getCredentials()) };
  return sendRequest(method, `/api${path}`, { ...options, headers });
}

async function getCredentials() {
  const session = currentSession();
  if (!session) return { "guest-token": getGuestToken() };
  const isValid = session.expiresAt > Date.now() + RENEWAL_MARGIN_MS;
  const { accessToken } = isValid ? session : await renewSession(session);
  return { authorization: `Bearer ${accessToken}` };
}

/** The module that issued the session's tokens. It can renew and revoke them. */
async function loadTokenIssuer() {
  const { sign_in_url: signInUrl } = await get("/settings.json");
  const module = signInUrl ? "./hosted-sign-in.js" : "./password-sign-in.js";
  return import(module).catch(() => { throw new RequestError(0); });
}

async function renewSession(session) {
  try {
    const issuer = await loadTokenIssuer();
    return storeSession(await issuer.renewTokens(session.refreshToken), session);
  } catch (error) {
    if (!error.isFinal) throw error;
    removeSession();
    throw new RequestError(401, { title: t.signInErrors.expired });
  }
}

/** Without a new refresh token, the previous session's stays valid. */
function storeSession({ accessToken, refreshToken, expiresInSeconds }, previous) {
  const session = {
    accessToken,
    refreshToken: refreshToken ?? previous.refreshToken,
    expiresAt: Date.now() + expiresInSeconds * 1000,
    name: previous.name,
    groups: readClaims(accessToken)["cognito:groups"] ?? [],
  };
  store("session", session);
  return session;
}

/** Starts the session of a user who has just signed in. `name` is shown on the pages. */
export function startSession(tokens, name) {
  storeSession(tokens, { name });
  store("merge", true); // see mergeGuestBasket
}

/** Returns the URL to open next. */
export async function signOut() {
  const { refreshToken } = currentSession();
  removeSession();
  return (await loadTokenIssuer()).endSession(refreshToken);
}

function removeSession() {
  remove("session");
  remove("merge");
}
