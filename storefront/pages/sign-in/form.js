// The shop's own sign-in form, which also creates accounts: email and password, then the code from the email.
import { html, nothing } from "/vendor/lit-html.js";
import { countItems, lastSeenBasket, mergeGuestBasket } from "/shop/basket.js";
import { field } from "/shop/components.js";
import { confirmSignUp, resendCode, signIn, signUp } from "/shop/password-sign-in.js";
import { remove, restore, store } from "/shop/storage.js";
import { t } from "/shop/texts.js";

let openNextPage;
let draw;
const state = { step: restore("sign-up") ? "confirm" : "sign-in", busy: false, error: null, message: "" };
let newPassword = ""; // of an account that is not confirmed yet; lost when the page is closed

const STEPS = {
  "sign-in": { title: t.signIn.title, button: t.signIn.button, fields: signInFields, submit: submitSignIn },
  "sign-up": { title: t.signIn.signUpTitle, button: t.signIn.signUpButton, fields: signUpFields, submit: submitSignUp },
  confirm: { title: t.signIn.signUpTitle, button: t.signIn.confirmButton, fields: confirmFields, submit: submitCode },
};

function page() {
  const { title, button, fields } = STEPS[state.step];
  const { step, busy, error, message } = state;
  return html`
    <section class="slim" aria-labelledby="title">
      <h1 id="title">${title}</h1>
      ${countItems(lastSeenBasket()) && step === "sign-in" ? html`<p class="muted">${t.signIn.basketKept}</p>` : nothing}
      <form @submit=${submit}>
        ${fields()}
        ${error ? html`<p class="note" role="alert">${error.message}</p>` : nothing}
        <p role="status">${message}</p>
        <p class="actions"><button class="button wide-button" ?disabled=${busy}>${busy ? t.signIn.busy : button}</button></p>
      </form>
      ${step === "sign-in" ? stepLink(t.signIn.isNew, t.signIn.signUpTitle, "sign-up") : stepLink(t.signIn.hasAccount, t.signIn.title, "sign-in")}
    </section>`;
}

function stepLink(question, text, step) {
  return html`<p class="muted">${question} <button class="link" type="button" @click=${() => goTo(step)}>${text}</button></p>`;
}

function goTo(step) {
  if (step !== "confirm") remove("sign-up");
  Object.assign(state, { step, error: null, message: "" });
  draw(page());
}

function signInFields() {
  return html`
    ${field("name", t.signIn.name, { autocomplete: "username" })}
    ${field("password", t.signIn.password, { type: "password", autocomplete: "current-password" })}`;
}

function signUpFields() {
  return html`
    ${field("email", t.checkout.email, { type: "email", autocomplete: "username", maxlength: 254 })}
    ${field("password", t.signIn.password, { type: "password", autocomplete: "new-password", hint: t.signIn.passwordRule })}`;
}

function confirmFields() {
  return html`
    <p>${t.signIn.codeSentTo(restore("sign-up").email)}</p>
    ${field("code", t.signIn.code, { autocomplete: "one-time-code", maxlength: 20 })}
    <p><button class="link" type="button" @click=${sendCodeAgain}>${t.signIn.sendCodeAgain}</button></p>`;
}

async function submitSignIn({ name, password }, shownName = name) {
  await signIn(name.trim(), password, shownName);
  await mergeGuestBasket();
  openNextPage();
}

async function submitSignUp({ email, password }) {
  const { userName, isConfirmed } = await signUp(email.trim(), password);
  newPassword = password;
  if (isConfirmed) return submitSignIn({ name: userName, password }, email);
  store("sign-up", { userName, email });
  goTo("confirm");
}

async function submitCode({ code }) {
  const { userName, email } = restore("sign-up");
  await confirmSignUp(userName, code.trim());
  goTo("sign-in");
  if (newPassword) await submitSignIn({ name: userName, password: newPassword }, email);
}

async function sendCodeAgain() {
  await run(() => resendCode(restore("sign-up").userName));
  state.message = state.error ? "" : t.signIn.codeSent;
  draw(page());
}

async function submit(event) {
  event.preventDefault();
  if (state.busy) return;
  const values = Object.fromEntries(new FormData(event.target));
  await run(() => STEPS[state.step].submit(values));
}

async function run(action) {
  Object.assign(state, { busy: true, error: null, message: "" });
  draw(page());
  try {
    await action();
  } catch (error) {
    state.error = error;
  }
  state.busy = false;
  draw(page());
}

export function start(...callbacks) {
  [openNextPage, draw] = callbacks;
  draw(page());
}
