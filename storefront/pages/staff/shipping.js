// Shipping options and their rates by country and weight.
import { html, nothing } from "/vendor/lit-html.js";
import { field } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { countryName, formatMoney, formatWeight, t } from "/shop/texts.js";
import { pagedList, resultMessage, run, table } from "./table.js";

const CURRENCY = "GBP";
const ANY_COUNTRY = "*"; // a rate for every country that has no rate of its own
const texts = t.staff.shipping;
const pathOf = (id) => `/staff/shipping-options/${encodeURIComponent(id)}`;
const parsePrice = (text) => (text ? { amount: Math.round(Number(text.replace(",", ".")) * 100), currency: CURRENCY } : null);
const newRate = () => ({ country: ANY_COUNTRY, max_grams: null, price: null });

export function shipping(draw) {
  const state = { editing: null, message: null, error: null, isConfirmingStop: false };
  const list = pagedList("/staff/shipping-options", show);

  function show() {
    draw(html`
      ${resultMessage(state)}
      ${state.editing ? form(state.editing) : html`
        <p class="actions"><button class="button" type="button" @click=${() => edit({ rates: [newRate()] })}>${texts.add}</button></p>`}
      ${table(list, [
        [texts.name, ({ id, name }) => html`<button class="link" type="button" @click=${() => open(id)}>${name}</button>`],
        [texts.id, ({ id }) => html`<code>${id}</code>`],
        [texts.rates, ({ rates }) => html`<ul class="plain-list">${rates.map((rate) => html`<li>${describe(rate)}</li>`)}</ul>`],
        [texts.offered, ({ offered }) => (offered ? texts.yes : texts.no)],
      ])}`);
  }

  function describe({ country, max_grams: maxGrams, price }) {
    const place = country === ANY_COUNTRY ? texts.otherCountries : countryName(country);
    return `${place}${maxGrams ? texts.upTo(formatWeight(maxGrams)) : ""}: ${formatMoney(price)}`;
  }

  /** Opens the form; null closes it. A new option has no `id`, but perhaps a `newId` that was typed. */
  function edit(option) {
    Object.assign(state, { editing: option, message: null, error: null, isConfirmingStop: false });
    showAndReset();
    document.getElementById(option?.id ? "name" : "id")?.focus();
  }

  const open = (id) => run(state, show, async () => edit((await callSignedIn("GET", pathOf(id))).body));

  function form(option) {
    const errorOf = (pointer) => state.error?.fieldError?.(pointer);
    return html`
      <form class="panel" @submit=${save}>
        <h2>${option.id ? texts.edit(option.name) : texts.add}</h2>
        ${option.id ? nothing : field("id", texts.id, { value: option.newId, maxlength: 40, hint: texts.idHint, error: errorOf("/id") })}
        ${field("name", texts.name, { value: option.name, maxlength: 100, error: errorOf("/name") })}
        <p class="field"><small>${texts.countryHint}</small></p>
        ${option.rates.map((rate, index) => rateFields(rate, index, errorOf))}
        <p class="actions"><button class="button plain" type="button" @click=${addRate}>${texts.addRate}</button></p>
        <p class="actions"><button class="button">${t.staff.save}</button>
          <button class="button plain" type="button" @click=${() => edit(null)}>${t.staff.close}</button>
          ${option.id ? offerAction(option) : nothing}</p>
      </form>`;
  }

  function rateFields(rate, index, errorOf) {
    const amount = rate.price ? (rate.price.amount / 100).toFixed(2) : "";
    const removeRate = () => changeRates((rates) => rates.toSpliced(index, 1));
    return html`
      <fieldset class="rate"><legend>${texts.rate(index + 1)}</legend>
        ${field(`country-${index}`, texts.country, { value: rate.country, maxlength: 2, error: errorOf(`/rates/${index}/country`) })}
        ${field(`grams-${index}`, texts.maxGrams, { type: "number", value: rate.max_grams ?? "", required: false, error: errorOf(`/rates/${index}/max_grams`) })}
        ${field(`price-${index}`, texts.price, { value: amount, error: errorOf(`/rates/${index}/price/amount`) })}
        ${state.editing.rates.length > 1 ? html`<button class="link" type="button" @click=${removeRate}>${texts.removeRate(index + 1)}</button>` : nothing}
      </fieldset>`;
  }

  function offerAction(option) {
    if (!option.offered) return html`<button class="button plain" type="button" @click=${() => setOffered(option, true)}>${texts.offer}</button>`;
    const confirm = () => { state.isConfirmingStop = true; show(); };
    return state.isConfirmingStop ? html`<strong>${texts.confirmStop}</strong>
      <button class="button" type="button" @click=${() => setOffered(option, false)}>${texts.stop}</button>` : html`
      <button class="button plain" type="button" @click=${confirm}>${texts.stop}</button>`;
  }

  const addRate = () => changeRates((rates) => [...rates, newRate()]);

  /** Adds or removes a rate. What was typed into the form is kept. */
  function changeRates(change) {
    const { id, name, rates } = readForm();
    state.editing = { ...state.editing, newId: id, name, rates: change(rates) };
    showAndReset();
  }

  /** Resets the form, so that fields that were typed in show the values of `state.editing`, too. */
  function showAndReset() {
    show();
    document.querySelector("form.panel")?.reset();
  }

  function readForm() {
    const values = new FormData(document.querySelector("form.panel"));
    const valueOf = (name, index) => values.get(`${name}-${index}`).trim();
    const rates = state.editing.rates.map((_, index) => ({
      country: valueOf("country", index).toUpperCase(),
      max_grams: Number(valueOf("grams", index)) || null,
      price: parsePrice(valueOf("price", index)),
    }));
    return { id: values.get("id"), name: values.get("name"), rates };
  }

  function save(event) {
    event.preventDefault();
    const { id, ...details } = readForm();
    return saveChange(async () => {
      if (state.editing.id) await update({ ...details, offered: state.editing.offered });
      else await callSignedIn("POST", "/staff/shipping-options", { body: { id, ...details } });
    });
  }

  const setOffered = ({ name, rates }, offered) => saveChange(() => update({ name, rates, offered }));

  const update = (body) => callSignedIn("PUT", pathOf(state.editing.id), {
    body, headers: { "if-match": `"${state.editing.version}"` },
  });

  /** After a concurrent update (412), shows the option's current version. */
  const saveChange = (request) => run(state, show, async () => {
    try {
      await request();
    } catch (error) {
      if (error.status !== 412) throw error;
      edit((await callSignedIn("GET", pathOf(state.editing.id))).body);
      state.error = { message: texts.changedMeanwhile };
      return;
    }
    edit(null);
    state.message = t.staff.done;
    await list.reload();
  });

  list.loadMore();
}
