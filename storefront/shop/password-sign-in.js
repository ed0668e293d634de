// Signs in with a password on the shop's own page, as in the local shop, through Cognito's public API.
import { get, RequestError } from "./api.js";
import { startSession } from "./session.js";
import { t } from "./texts.js";

async function callCognito(action, parameters) {
  const { user_pool: url, client_id: clientId } = await get("/settings.json");
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
  };
  const body = JSON.stringify({ ClientId: clientId, ...parameters });
  const response = await fetch(url, { method: "POST", headers, body }).catch(() => { throw new RequestError(0); });
  const json = await response.json().catch(() => ({}));
  if (response.ok) return json;
  const type = (json.__type ?? "").split("#").pop();
  throw new RequestError(response.status, { type, title: t.signInErrors[type] ?? json.message });
}

async function requestTokens(flow, parameters) {
  const response = await callCognito("InitiateAuth", { AuthFlow: flow, AuthParameters: parameters });
  const { AccessToken: accessToken, RefreshToken: refreshToken, ExpiresIn: expiresInSeconds } = response.AuthenticationResult;
  return { accessToken, refreshToken, expiresInSeconds };
}

/** `shownName` is the name on the pages, if it is not the user name. */
export async function signIn(userName, password, shownName = userName) {
  startSession(await requestTokens("USER_PASSWORD_AUTH", { USERNAME: userName, PASSWORD: password }), shownName);
}

/** Creates an account. Returns its user name, and whether it is confirmed without a code. */
export async function signUp(email, password) {
  const userName = crypto.randomUUID(); // the email address can change; users sign in with it as an alias
  const { UserConfirmed: isConfirmed } = await callCognito("SignUp", {
    Username: userName, Password: password, UserAttributes: [{ Name: "email", Value: email }],
  });
  return { userName, isConfirmed };
}

export function confirmSignUp(userName, code) {
  return callCognito("ConfirmSignUp", { Username: userName, ConfirmationCode: code });
}

export function resendCode(userName) {
  return callCognito("ResendConfirmationCode", { Username: userName });
}

export function renewTokens(refreshToken) {
  return requestTokens("REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: refreshToken });
}

/** Revokes the tokens. Returns the URL to open next. */
export async function endSession(refreshToken) {
  await callCognito("RevokeToken", { Token: refreshToken }).catch(() => {}); // it also expires by itself
  return "/";
}
