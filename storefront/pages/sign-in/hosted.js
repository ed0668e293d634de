// Going to Cognito's page, and what comes back from it.
import { begin, finish } from "/shop/hosted.js";

export async function show(onward) {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) return begin();
  await finish(answer);
  onward();
}
