// How parcels can be sent, and what that costs by country and weight.
import { html, nothing } from "/vendor/lit-html.js";
import { field } from "/shop/parts.js";
import { country, money, t, weight } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { outcome, paged, table, trying } from "./table.js";

const CURRENCY = "GBP";
const words = t.staff.shipping;
const pathOf = (option) => `/staff/shipping-options/${encodeURIComponent(option)}`;
const priceOf = (text) => (text ? { amount: Math.round(Number(text.replace(",", ".")) * 100), currency: CURRENCY } : null);
const blank = () => ({ country: "*", max_grams: null, price: null });

export function shipping(draw) {
  const state = { editing: null, said: null, trouble: null, isSure: false };
  const list = paged("/staff/shipping-options", show);

  function show() {
    draw(html`
      ${outcome(state)}
      ${state.editing ? form(state.editing) : html`
        <p class="go"><button class="button" type="button" @click=${() => edit({ rates: [blank()] })}>${words.add}</button></p>`}
      ${table(list, [
        [words.name, (each) => html`<button class="link" type="button" @click=${() => read(each.option)}>${each.name}</button>`],
        [words.option, ({ option }) => html`<code>${option}</code>`],
        [words.rates, ({ rates }) => html`<ul class="plain-list">${rates.map((rate) => html`<li>${told(rate)}</li>`)}</ul>`],
        [words.offered, ({ offered }) => (offered ? words.yes : words.no)],
      ])}`);
  }

  function told({ country: code, max_grams: grams, price }) {
    return `${code === "*" ? words.anywhere : country(code)}${grams ? words.upTo(weight(grams)) : ""}: ${money(price)}`;
  }

  function edit(option) {
    Object.assign(state, { editing: option, said: null, trouble: null, isSure: false });
    refill();
    document.getElementById(option?.option ? "name" : "option")?.focus();
  }

  const read = (option) => trying(state, show, async () => edit((await callSignedIn("GET", pathOf(option))).body));

  function form(option) {
    const wrong = (pointer) => state.trouble?.field?.(pointer);
    return html`
      <form class="panel" @submit=${save}>
        <h2>${option.option ? words.edit(option.name) : words.add}</h2>
        ${option.option ? nothing : field("option", words.option, { value: option.wanted, maxlength: 40, hint: words.optionHint, error: wrong("/option") })}
        ${field("name", words.name, { value: option.name, maxlength: 100, error: wrong("/name") })}
        <p class="field"><small>${words.star}</small></p>
        ${option.rates.map((rate, index) => priced(rate, index, wrong))}
        <p class="go"><button class="button plain" type="button" @click=${add}>${words.more}</button></p>
        <p class="go"><button class="button">${t.staff.save}</button>
          <button class="button plain" type="button" @click=${() => edit(null)}>${t.staff.leave}</button>
          ${option.option ? offering(option) : nothing}</p>
      </form>`;
  }

  function priced(rate, index, wrong) {
    const amount = rate.price ? (rate.price.amount / 100).toFixed(2) : "";
    const remove = () => rewrite((rates) => rates.toSpliced(index, 1));
    return html`
      <fieldset class="rate"><legend>${words.rate(index + 1)}</legend>
        ${field(`country-${index}`, words.country, { value: rate.country, maxlength: 2, error: wrong(`/rates/${index}/country`) })}
        ${field(`grams-${index}`, words.weight, { type: "number", value: rate.max_grams ?? "", required: false, error: wrong(`/rates/${index}/max_grams`) })}
        ${field(`price-${index}`, words.price, { value: amount, error: wrong(`/rates/${index}/price/amount`) })}
        ${state.editing.rates.length > 1 ? html`<button class="link" type="button" @click=${remove}>${words.less(index + 1)}</button>` : nothing}
      </fieldset>`;
  }

  function offering(option) {
    if (!option.offered) return html`<button class="button plain" type="button" @click=${() => offer(option, true)}>${words.offer}</button>`;
    const ask = () => { state.isSure = true; show(); };
    return state.isSure ? html`<strong>${words.stopSure}</strong>
      <button class="button" type="button" @click=${() => offer(option, false)}>${words.stop}</button>` : html`
      <button class="button plain" type="button" @click=${ask}>${words.stop}</button>`;
  }

  const add = () => rewrite((rates) => [...rates, blank()]);

  /** What is in the fields stays while there is one price more, or fewer. */
  function rewrite(change) {
    const { option, name, rates } = written();
    state.editing = { ...state.editing, wanted: option, name, rates: change(rates) };
    refill();
  }

  /** Fields that were typed in show what is edited now, too. */
  function refill() {
    show();
    document.querySelector("form.panel")?.reset();
  }

  function written() {
    const given = new FormData(document.querySelector("form.panel"));
    const of = (name, index) => given.get(`${name}-${index}`).trim();
    const rates = state.editing.rates.map((_, index) => ({
      country: of("country", index).toUpperCase(),
      max_grams: Number(of("grams", index)) || null,
      price: priceOf(of("price", index)),
    }));
    return { option: given.get("option"), name: given.get("name"), rates };
  }

  function save(event) {
    event.preventDefault();
    const { option, ...details } = written();
    return saving(async () => {
      if (state.editing.option) await change({ ...details, offered: state.editing.offered });
      else await callSignedIn("POST", "/staff/shipping-options", { body: { option, ...details } });
    });
  }

  const offer = ({ name, rates }, offered) => saving(() => change({ name, rates, offered }));

  const change = (body) => callSignedIn("PUT", pathOf(state.editing.option), {
    body, headers: { "if-match": `"${state.editing.version}"` },
  });

  const saving = (what) => trying(state, show, async () => {
    try {
      await what();
    } catch (trouble) {
      if (trouble.status !== 412) throw trouble;
      edit((await callSignedIn("GET", pathOf(state.editing.option))).body);
      state.trouble = { message: words.stale };
      return;
    }
    edit(null);
    state.said = t.staff.done;
    await list.again();
  });

  list.more();
}
