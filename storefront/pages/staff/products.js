// What is for sale: added, described, repriced, taken out.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { field } from "/shop/parts.js";
import { money, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { choice, chooser } from "./picture.js";
import { outcome, paged, table } from "./table.js";

const CURRENCY = "GBP";
const words = t.staff.product;
const pathOf = (sku) => `/staff/products/${encodeURIComponent(sku)}`;

export function products(draw) {
  const state = { editing: null, said: null, trouble: null, isSure: false };
  const list = paged("/products", show);
  const chosen = choice(show);

  function show() {
    draw(html`
      ${outcome(state)}
      ${state.editing ? form(state.editing) : html`
        <p class="go"><button class="button" type="button" @click=${() => edit({})}>${words.add}</button></p>`}
      ${table(list, [
        [words.sku, ({ sku }) => html`<code>${sku}</code>`],
        [words.name, (each) => html`<button class="link" type="button" @click=${() => read(each.sku)}>${each.name}</button>`],
        [words.category, ({ category }) => category],
        [words.price, ({ price }) => money(price)],
      ])}`);
  }

  function edit(product) {
    chosen.forget();
    Object.assign(state, { editing: null, said: null, trouble: null, isSure: false });
    show(); // away with the form, and with what was put into it
    state.editing = product;
    show();
    document.getElementById(product?.sku ? "name" : "sku")?.focus();
  }

  const read = (sku) => trying(async () => edit(await get(`/api/products/${encodeURIComponent(sku)}`)));

  function form(product) {
    const wrong = (pointer) => state.trouble?.field?.(pointer);
    const price = product.price ? (product.price.amount / 100).toFixed(2) : "";
    return html`
      <form class="panel" @submit=${save}>
        <h2>${product.sku ? words.edit(product.name) : words.add}</h2>
        ${product.sku ? nothing : field("sku", words.sku, { maxlength: 40, error: wrong("/sku") })}
        ${field("name", words.name, { value: product.name, error: wrong("/name") })}
        ${field("category", words.category, { value: product.category, error: wrong("/category"), maxlength: 60 })}
        <div class="pair">
          ${field("price", words.price, { value: price, error: wrong("/price/amount") })}
          ${field("weight", words.weight, { type: "number", value: product.weight_grams ?? "", error: wrong("/weight_grams") })}
        </div>
        ${chooser(chosen, product.image)}
        ${field("image", words.image, { value: product.image ?? "", required: false, error: wrong("/image"), maxlength: 500 })}
        <p class="field"><label for="description">${words.description}</label>
          <textarea id="description" name="description" rows="4" .defaultValue=${product.description ?? ""}></textarea></p>
        <p class="go"><button class="button" ?disabled=${chosen.sent !== null}>${t.staff.save}</button>
          <button class="button plain" type="button" @click=${() => edit(null)}>${t.staff.leave}</button>
          ${product.sku ? delisting(product) : nothing}</p>
      </form>`;
  }

  function delisting(product) {
    const ask = () => { state.isSure = true; show(); };
    return state.isSure ? html`<strong>${words.delistSure}</strong>
      <button class="button" type="button" @click=${() => delist(product)}>${words.delist}</button>` : html`
      <button class="button plain" type="button" @click=${ask}>${words.delist}</button>`;
  }

  function save(event) {
    event.preventDefault();
    const { sku, price, weight, image, ...given } = Object.fromEntries(new FormData(event.target));
    const details = { ...given, weight_grams: Number(weight), ...(image ? { image } : {}) };
    const cost = { amount: Math.round(Number(price.replace(",", ".")) * 100), currency: CURRENCY };
    return trying(async () => {
      const isNew = !state.editing.sku;
      if (isNew) state.editing = (await callSignedIn("POST", "/staff/products", { body: { sku, ...details, price: cost } })).body;
      if (chosen.file) details.image = await chosen.send(state.editing.sku);
      if (!isNew || chosen.file) await change(state.editing, details, cost);
      edit(null);
      state.said = t.staff.done;
      await list.again();
    });
  }

  /** The second change names the version the first one made. */
  async function change(product, details, cost) {
    let { version } = product;
    const headers = () => ({ "if-match": `"${version}"` });
    ({ version } = (await callSignedIn("PUT", pathOf(product.sku), { body: details, headers: headers() })).body);
    if (cost.amount === product.price.amount) return;
    await callSignedIn("PUT", `${pathOf(product.sku)}/price`, { body: { price: cost }, headers: headers() });
  }

  const delist = ({ sku, version }) => trying(async () => {
    await callSignedIn("POST", `${pathOf(sku)}/delisting`, { headers: { "if-match": `"${version}"` } });
    edit(null);
    state.said = t.staff.done;
    await list.again();
  });

  async function trying(what) {
    Object.assign(state, { said: null, trouble: null });
    try {
      await what();
    } catch (trouble) {
      state.trouble = trouble;
      if (trouble.status === 412) {
        state.editing = await get(`/api/products/${encodeURIComponent(state.editing.sku)}`).catch(() => state.editing);
        state.trouble = { message: words.stale };
      }
    }
    show();
  }

  list.more();
}
