// Who is here: a guest by a token of this browser's own making, or somebody signed in.
import { ask, get, Trouble } from "./api.js";
import { forget, keep, recall } from "./keep.js";
import { t } from "./texts.js";
import { claims, random } from "./tokens.js";

const EARLY = 60_000; // ms: a token this close to its end is renewed first

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

/** Where tokens come from: who was signed in there can `renew` them, and `leave`. */
async function source() {
  const { hosted } = await get("/settings.json");
  return import(hosted ? "./hosted.js" : "./people.js").catch(() => { throw new Trouble(0); });
}

async function renew(known) {
  try {
    return remember(await (await source()).renew(known.refresh), known);
  } catch (trouble) {
    if (!trouble.isAnswer) throw trouble;
    forgetWho();
    throw new Trouble(401, { title: t.people.ended });
  }
}

function remember({ access, refresh, seconds }, before) {
  const known = {
    access,
    refresh: refresh ?? before.refresh,
    ends: Date.now() + seconds * 1000,
    name: before.name,
    groups: claims(access)["cognito:groups"] ?? [],
  };
  keep("session", known);
  return known;
}

/** Somebody is signed in, who is called `name` on the pages. */
export function enter(tokens, name) {
  remember(tokens, { name });
  keep("merge", true); // see bringBasket
}

/** Answers where to go now. */
export async function signOut() {
  const { refresh } = session();
  forgetWho();
  return (await source()).leave(refresh);
}

function forgetWho() {
  forget("session");
  forget("merge");
}
