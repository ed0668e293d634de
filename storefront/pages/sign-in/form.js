// Our own page: an e-mail address and a password, and to make an account the code that was sent.
import { html, nothing } from "/vendor/lit-html.js";
import { bringBasket, count, seen } from "/shop/basket.js";
import { keep, forget, recall } from "/shop/keep.js";
import { field } from "/shop/parts.js";
import { t } from "/shop/texts.js";
import { confirm, sendCodeAgain, signIn, signUp } from "/shop/people.js";

let onward;
let draw;
const state = { step: recall("joining") ? "code" : "in", busy: false, trouble: null, said: "" };
let password = ""; // of an account just made, until its code is entered

const steps = {
  in: { title: t.signIn.title, send: t.signIn.send, fields: signingIn, submit: enter },
  up: { title: t.signIn.upTitle, send: t.signIn.upSend, fields: signingUp, submit: join },
  code: { title: t.signIn.upTitle, send: t.signIn.codeSend, fields: confirming, submit: finish },
};

function page() {
  const { title, send, fields } = steps[state.step];
  const { busy, trouble, said } = state;
  return html`
    <section class="slim" aria-labelledby="title">
      <h1 id="title">${title}</h1>
      ${count(seen()) && state.step === "in" ? html`<p class="quiet">${t.signIn.along}</p>` : nothing}
      <form @submit=${submit}>
        ${fields()}
        ${trouble ? html`<p class="note" role="alert">${trouble.message}</p>` : nothing}
        <p role="status">${said}</p>
        <p class="go"><button class="button wide-button" ?disabled=${busy}>${busy ? t.signIn.sending : send}</button></p>
      </form>
      ${state.step === "in" ? other(t.signIn.new, t.signIn.up, "up") : other(t.signIn.known, t.signIn.title, "in")}
    </section>`;
}

function other(question, words, step) {
  return html`<p class="quiet">${question} <button class="link" type="button" @click=${() => go(step)}>${words}</button></p>`;
}

function go(step) {
  if (step !== "code") forget("joining");
  Object.assign(state, { step, trouble: null, said: "" });
  draw(page());
}

function signingIn() {
  return html`
    ${field("name", t.signIn.name, { autocomplete: "username" })}
    ${field("password", t.signIn.password, { type: "password", autocomplete: "current-password" })}`;
}

function signingUp() {
  return html`
    ${field("email", t.checkout.email, { type: "email", autocomplete: "username", maxlength: 254 })}
    ${field("password", t.signIn.password, { type: "password", autocomplete: "new-password", hint: t.signIn.rule })}`;
}

function confirming() {
  return html`
    <p>${t.signIn.codeWhy(recall("joining").email)}</p>
    ${field("code", t.signIn.code, { autocomplete: "one-time-code", maxlength: 20 })}
    <p><button class="link" type="button" @click=${again}>${t.signIn.codeAgain}</button></p>`;
}

async function enter({ name, password: given }, shown = name) {
  await signIn(name.trim(), given, shown);
  await bringBasket();
  onward();
}

async function join({ email, password: chosen }) {
  const { name, done } = await signUp(email.trim(), chosen);
  password = chosen;
  if (done) return enter({ name, password }, email);
  keep("joining", { name, email });
  go("code");
}

async function finish({ code }) {
  const { name, email } = recall("joining");
  await confirm(name, code.trim());
  const isAtHand = password !== ""; // not when the page was left in between
  go("in");
  if (isAtHand) await enter({ name, password }, email);
}

async function again() {
  await trying(() => sendCodeAgain(recall("joining").name));
  state.said = state.trouble ? "" : t.signIn.codeSent;
  draw(page());
}

async function submit(event) {
  event.preventDefault();
  if (state.busy) return;
  const given = Object.fromEntries(new FormData(event.target));
  await trying(() => steps[state.step].submit(given));
}

async function trying(what) {
  Object.assign(state, { busy: true, trouble: null, said: "" });
  draw(page());
  try {
    await what();
  } catch (trouble) {
    state.trouble = trouble;
  }
  state.busy = false;
  draw(page());
}

export function show(...given) {
  [onward, draw] = given;
  draw(page());
}
