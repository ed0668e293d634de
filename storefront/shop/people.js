// Signing in with a password on our own page, as at home: Cognito's public API.
import { get, Trouble } from "./api.js";
import { t } from "./texts.js";
import { enter } from "./visitor.js";

async function ask(action, data) {
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

async function tokens(flow, parameters) {
  const answer = await ask("InitiateAuth", { AuthFlow: flow, AuthParameters: parameters });
  const { AccessToken: access, RefreshToken: refresh, ExpiresIn: seconds } = answer.AuthenticationResult;
  return { access, refresh, seconds };
}

/** `shown` is what the person is called on the pages, where that is not the name itself. */
export async function signIn(name, password, shown = name) {
  enter(await tokens("USER_PASSWORD_AUTH", { USERNAME: name, PASSWORD: password }), shown);
}

export async function signUp(email, password) {
  const attributes = [{ Name: "email", Value: email }];
  const name = crypto.randomUUID(); // an address can change: it only stands for the name
  const { UserConfirmed: done } = await ask("SignUp", {
    Username: name, Password: password, UserAttributes: attributes,
  });
  return { name, done };
}

export function confirm(name, code) {
  return ask("ConfirmSignUp", { Username: name, ConfirmationCode: code });
}

export function sendCodeAgain(name) {
  return ask("ResendConfirmationCode", { Username: name });
}

export function renew(refresh) {
  return tokens("REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: refresh });
}

/** End what was signed in; answers where to go. */
export async function leave(refresh) {
  await ask("RevokeToken", { Token: refresh }).catch(() => {}); // it ends by itself too
  return "/";
}
