// Sign-in on Cognito's hosted page: goes there, and completes the sign-in when it redirects back.
import { completeSignIn, openSignInPage } from "/shop/hosted-sign-in.js";

export async function start(openNextPage) {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has("code") && !parameters.has("error")) return openSignInPage();
  await completeSignIn(parameters);
  openNextPage();
}
