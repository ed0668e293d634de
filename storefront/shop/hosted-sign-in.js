// Signs in on Cognito's hosted page, as on AWS: OAuth 2.0 authorization code with PKCE.
import { get, RequestError } from "./api.js";
import { startSession } from "./session.js";
import { t } from "./texts.js";
import { randomToken, readClaims, toBase64Url } from "./tokens.js";

const ATTEMPT_KEY = "souk.sign-in-attempt"; // in sessionStorage: only this tab can complete the sign-in

const loadSettings = () => get("/settings.json");
const redirectUri = () => `${location.origin}/sign-in`;

/** Opens Cognito's page. It redirects back to /sign-in with a code. */
export async function openSignInPage() {
  const { sign_in_url: signInUrl, client_id: clientId } = await loadSettings();
  const attempt = { state: randomToken(24), verifier: randomToken(48), path: location.pathname + location.search };
  sessionStorage.setItem(ATTEMPT_KEY, JSON.stringify(attempt));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attempt.verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope: "openid email",
    state: attempt.state,
    code_challenge: toBase64Url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.replace(`${signInUrl}/oauth2/authorize?${query}`);
}

/** Exchanges the code in `parameters`, the query of the redirect, for tokens. Throws if this tab has no attempt. */
export async function completeSignIn(parameters) {
  const attempt = JSON.parse(sessionStorage.getItem(ATTEMPT_KEY));
  sessionStorage.removeItem(ATTEMPT_KEY);
  history.replaceState(null, "", attempt?.path ?? "/sign-in"); // removes the code from the address bar
  if (!parameters.has("code") || parameters.get("state") !== attempt?.state) {
    throw new RequestError(400, { title: t.signIn.incomplete });
  }
  const { client_id: clientId } = await loadSettings();
  const response = await requestTokens({
    grant_type: "authorization_code",
    client_id: clientId,
    code: parameters.get("code"),
    redirect_uri: redirectUri(),
    code_verifier: attempt.verifier,
  });
  const claims = readClaims(response.id_token);
  startSession(toTokens(response), claims.email ?? claims["cognito:username"]);
}

export async function renewTokens(refreshToken) {
  const { client_id: clientId } = await loadSettings();
  return toTokens(await requestTokens({ grant_type: "refresh_token", client_id: clientId, refresh_token: refreshToken }));
}

/** Revokes the tokens. Returns the URL to open next: Cognito's logout, which ends its own session, too. */
export async function endSession(refreshToken) {
  const { sign_in_url: signInUrl, client_id: clientId } = await loadSettings();
  const body = new URLSearchParams({ token: refreshToken, client_id: clientId });
  await fetch(`${signInUrl}/oauth2/revoke`, { method: "POST", body }).catch(() => {}); // it also expires by itself
  return `${signInUrl}/logout?${new URLSearchParams({ client_id: clientId, logout_uri: `${location.origin}/` })}`;
}

async function requestTokens(form) {
  const { sign_in_url: signInUrl } = await loadSettings();
  const options = { method: "POST", body: new URLSearchParams(form) };
  const response = await fetch(`${signInUrl}/oauth2/token`, options).catch(() => { throw new RequestError(0); });
  if (!response.ok) throw new RequestError(response.status, { title: t.signIn.incomplete });
  return response.json();
}

const toTokens = ({ access_token: accessToken, refresh_token: refreshToken, expires_in: expiresInSeconds }) =>
  ({ accessToken, refreshToken, expiresInSeconds });
