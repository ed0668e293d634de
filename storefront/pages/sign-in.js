// Sign-in: on Cognito's hosted page if the settings name it, otherwise with the shop's own form.
import { html } from "/vendor/lit-html.js";
import { get, RequestError } from "/shop/api.js";
import { errorNotice, loading } from "/shop/components.js";
import { openPage } from "/shop/layout.js";
import { t } from "/shop/texts.js";

const draw = openPage(t.signIn.title);

function page(content) {
  return html`<section class="slim" aria-labelledby="title"><h1 id="title">${t.signIn.title}</h1>${content}</section>`;
}

function openNextPage() {
  location.replace(new URLSearchParams(location.search).has("staff") ? "/staff" : "/");
}

async function start() {
  draw(page(loading(t.signIn.opening)));
  try {
    const { sign_in_url: signInUrl } = await get("/settings.json");
    const module = signInUrl ? "./sign-in/hosted.js" : "./sign-in/form.js";
    const { start: startSignIn } = await import(module).catch(() => { throw new RequestError(0); });
    await startSignIn(openNextPage, draw);
  } catch (error) {
    draw(page(errorNotice(error, start)));
  }
}

start();
