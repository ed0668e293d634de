// Signing in on Cognito's own page, as on AWS: an authorization code, and PKCE to redeem it.
import { get, Trouble } from "./api.js";
import { t } from "./texts.js";
import { base64url, claims, random } from "./tokens.js";
import { enter } from "./visitor.js";

const BEGUN = "souk.signing-in"; // in this tab alone, until it is back

const settings = () => get("/settings.json");
const back = () => `${location.origin}/sign-in`;

/** Leave for Cognito's page, which leads back here with a code. */
export async function begin() {
  const { hosted, client } = await settings();
  const begun = { state: random(24), verifier: random(48), at: location.pathname + location.search };
  sessionStorage.setItem(BEGUN, JSON.stringify(begun));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(begun.verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: back(),
    scope: "openid email",
    state: begun.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.replace(`${hosted}/oauth2/authorize?${query}`);
}

/** Redeem the code Cognito's page answered; only to the tab that asked for one. */
export async function finish(answer) {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN));
  sessionStorage.removeItem(BEGUN);
  history.replaceState(null, "", begun?.at ?? "/sign-in"); // a code does not stay in the address
  if (!answer.has("code") || answer.get("state") !== begun?.state) {
    throw new Trouble(400, { title: t.signIn.unfinished });
  }
  const { client } = await settings();
  const said = await ask({
    grant_type: "authorization_code",
    client_id: client,
    code: answer.get("code"),
    redirect_uri: back(),
    code_verifier: begun.verifier,
  });
  const who = claims(said.id_token);
  enter(tokens(said), who.email ?? who["cognito:username"]);
}

export async function renew(refresh) {
  const { client } = await settings();
  return tokens(await ask({ grant_type: "refresh_token", client_id: client, refresh_token: refresh }));
}

/** End what was signed in; answers where to go: Cognito's page forgets who was there, too. */
export async function leave(refresh) {
  const { hosted, client } = await settings();
  const body = new URLSearchParams({ token: refresh, client_id: client });
  await fetch(`${hosted}/oauth2/revoke`, { method: "POST", body }).catch(() => {}); // it ends by itself too
  return `${hosted}/logout?${new URLSearchParams({ client_id: client, logout_uri: `${location.origin}/` })}`;
}

async function ask(form) {
  const { hosted } = await settings();
  const request = { method: "POST", body: new URLSearchParams(form) };
  const answer = await fetch(`${hosted}/oauth2/token`, request).catch(() => { throw new Trouble(0); });
  if (!answer.ok) throw new Trouble(answer.status, { title: t.signIn.unfinished });
  return answer.json();
}

const tokens = (said) => ({ access: said.access_token, refresh: said.refresh_token, seconds: said.expires_in });
