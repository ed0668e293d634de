// Signing in: on Cognito's own page where the shop's settings name it, otherwise on ours.
import { html } from "/vendor/lit-html.js";
import { get, Trouble } from "/shop/api.js";
import { open } from "/shop/frame.js";
import { troubled, waiting } from "/shop/parts.js";
import { t } from "/shop/texts.js";

const draw = open(t.signIn.title);

function page(content) {
  return html`<section class="slim" aria-labelledby="title"><h1 id="title">${t.signIn.title}</h1>${content}</section>`;
}

function onward() {
  location.replace(new URLSearchParams(location.search).has("staff") ? "/staff" : "/");
}

async function show() {
  draw(page(waiting(t.signIn.leading)));
  try {
    const { hosted } = await get("/settings.json");
    const way = await import(hosted ? "./sign-in/hosted.js" : "./sign-in/form.js").catch(() => { throw new Trouble(0); });
    await way.show(onward, draw);
  } catch (trouble) {
    draw(page(troubled(trouble, show)));
  }
}

show();
