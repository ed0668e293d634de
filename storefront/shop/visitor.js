// Who is here: a guest by a token of this browser's own making, or somebody signed in.
import { ask, get, Trouble } from "./api.js";
import { forget, keep, recall } from "./keep.js";
import { t } from "./texts.js";

const EARLY = 60_000; // ms: a token this close to its end is renewed first

function random(bytes) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...drawn)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A fresh Idempotency-Key. */
export const newKey = () => random(18);

export function guestToken() {
  const known = recall("guest");
  if (known) return known;
  const token = random(24);
  keep("guest", token);
  return token;
}

export const session = () => recall("session");
/** What tells apart what this browser remembers for whom; a guest has no name. */
export const by = () => session()?.name ?? "";
export const isStaff = () => (session()?.groups ?? []).some((group) => ["staff", "admin"].includes(group));

/** An API call as whoever is here: `path` such as /basket is put where that visitor's is. */
export async function call(method, path, options = {}) {
  const headers = { ...options.headers, ...(await credentials()) };
  const prefix = session() ? "/api" : "/api/guest";
  return ask(method, prefix + path, { ...options, headers });
}

/** The same for a path that is only for the signed in, such as those of staff. */
export async function callSignedIn(method, path, options = {}) {
  const headers = { ...options.headers, ...(await credentials()) };
  return ask(method, `/api${path}`, { ...options, headers });
}

async function credentials() {
  const known = session();
  if (!known) return { "guest-token": guestToken() };
  const { access } = known.ends > Date.now() + EARLY ? known : await renew(known);
  return { authorization: `Bearer ${access}` };
}

// --- Cognito ----------------------------------------------------------------------------------

async function people(action, data) {
  const { people: at, client } = await get("/settings.json");
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
  };
  const body = JSON.stringify({ ClientId: client, ...data });
  const answer = await fetch(at, { method: "POST", headers, body }).catch(() => { throw new Trouble(0); });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const kind = (said.__type ?? "").split("#").pop();
  throw new Trouble(answer.status, { type: kind, title: t.people[kind] ?? said.message });
}

async function renew(known) {
  try {
    return remember(await initiate("REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: known.refresh }), known);
  } catch (trouble) {
    if (!trouble.isAnswer) throw trouble;
    signOut();
    throw new Trouble(401, { title: t.people.ended });
  }
}

async function initiate(flow, parameters) {
  const answer = await people("InitiateAuth", { AuthFlow: flow, AuthParameters: parameters });
  return answer.AuthenticationResult;
}

function remember(tokens, before) {
  const claims = JSON.parse(atob(tokens.AccessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  const known = {
    access: tokens.AccessToken,
    refresh: tokens.RefreshToken ?? before.refresh,
    ends: Date.now() + tokens.ExpiresIn * 1000,
    name: before.name,
    groups: claims["cognito:groups"] ?? [],
  };
  keep("session", known);
  return known;
}

/** `shown` is what the person is called on the pages, where that is not the name itself. */
export async function signIn(name, password, shown = name) {
  const tokens = await initiate("USER_PASSWORD_AUTH", { USERNAME: name, PASSWORD: password });
  remember(tokens, { name: shown });
  keep("merge", true); // see bringBasket
}

export async function signUp(email, password) {
  const attributes = [{ Name: "email", Value: email }];
  const name = crypto.randomUUID(); // an address can change: it only stands for the name
  const { UserConfirmed: done } = await people("SignUp", {
    Username: name, Password: password, UserAttributes: attributes,
  });
  return { name, done };
}

export function confirm(name, code) {
  return people("ConfirmSignUp", { Username: name, ConfirmationCode: code });
}

export function sendCodeAgain(name) {
  return people("ResendConfirmationCode", { Username: name });
}

export function signOut() {
  const known = session();
  forget("session");
  forget("merge");
  if (known) people("RevokeToken", { Token: known.refresh }).catch(() => {}); // it ends by itself too
}
